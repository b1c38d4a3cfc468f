"""Given names that stand in texts from advice offices: common ones of Germany and of the countries people come from.

A list, not a judgement: it only helps to find names that must not be kept.  Left out are names that are German words,
towns or months too ("Mark", "Rosa", "Juni"), since a text about offers would be refused for them.
"""

from __future__ import annotations

from typing import Final

from shared.model.text import fold

_NAMES: Final = """
Abdul Abdullah Adam Adriana Agnieszka Ahmad Ahmed Aische Aisha Albert Aleksandra Aleksandr Alexander Alexandra Ali
Alina Amal Amir Amina Ana Anastasia Anastasiia Andrea Andreas Andrei Andrej Andrii Andriy Angela Angelika Anita Anja
Anna Anne Annette Anton Antonia Arash Aram Arif Asif Astrid Aylin Ayse Ayşe Azad Barbara Basel Bashar Beata Beate
Bernd Bilal Birgit Bogdan Bogdana Bohdan Brigitte Carmen Carsten Caroline Cem Christa Christian Christiane Christina
Christine Christoph Claudia Cornelia Daniel Daniela Darius Daryna David Dennis Derya Diana Dieter Dilan Dirk Dmitri
Dmytro Doris Dorota Edith Ekaterina Elena Eleni Elif Elisabeth Elke Emine Emma Emre Enes Erika Eva Ewa Fadi Farah
Farid Fariba Fatima Fatma Fatime Felix Feride Florian Florin Francesca Frieda Friedrich Gabriela Gabriele Georg Georgi
Gerhard Gerda Gisela Giulia Giuseppe Grzegorz Gudrun Gül Gülay Günter Hakan Halina Halyna Hamid Hamza Hanna Hannah
Hannelore Hans Hasan Hassan Hatice Heike Heidi Heiko Heinz Helena Helga Helmut Henryk Hiba Horst Hülya Huda Hussein
Hüseyin Ibrahim Ihor Ilona Imad Ingeborg Ingo Ingrid Ioana Ion Irena Irina Iryna Iris Ismail Ivan Ivana Iwan Jacek
Jakob Jamal Jan Jana Janina Jasmin Jelena Jens Jessica Joachim Joanna Johanna Johannes Jonas Jörg Josef Joseph Julia
Julian Jürgen Jutta Kamal Karin Karina Karl Karim Karsten Kateryna Katharina Katarzyna Kathrin Katja Kemal Kerstin
Khaled Khalid Klara Klaus Krzysztof Lamia Larissa Lars Laura Layla Leila Lena Leon Leonie Leyla Lidia Lisa Ljudmila
Lukas Lyudmyla Magdalena Mahdi Mahmoud Mahmud Malte Manfred Manuela Marcel Marcin Marek Margarete Margarita Maria
Mariam Mariana Marie Marina Mario Marion Mariusz Markus Marta Martin Martina Maryam Maryna Mateusz Matthias Mehmet
Melanie Meryem Michael Michaela Michal Mihai Mila Miriam Mirjam Mohamad Mohamed Mohammad Mohammed Monika Moritz
Muhammad Murat Mustafa Mykola Nadia Nadine Nadja Nasrin Natalia Natalie Nataliia Natalja Nazanin Nesrin Nicole Nihad
Nikolai Nikolaj Nikola Nikolas Nina Nora Norbert Nour Oksana Ole Oleg Oleh Oleksandr Oleksandra Olena Olga Olha Omar
Orhan Osman Özlem Parisa Patricia Patrick Paula Pavel Pawel Peter Petra Petro Philipp Piotr Radu Rafael Raisa Ralf
Ramona Rana Rania Rashid Rebecca Regina Reinhard Renate Reza Rima Rita Robert Roland Roman Rosemarie Roswitha Rüdiger
Rukhsana Ruslan Ruth Saad Sabine Sabrina Said Salim Salma Samira Samir Sandra Sara Sarah Sascha Saskia Sebastian Selin
Selma Serap Sergej Sergii Serhii Serhiy Sevgi Shirin Sibel Silke Silvia Simon Simone Sofia Sofie Soheila Song Sonja
Sophia Stanislav Stefan Stefanie Stephan Susanne Svetlana Svitlana Sven Swetlana Tamara Tanja Tarek Tatiana Tatjana
Tetiana Thomas Thorsten Tobias Tomasz Torsten Traute Tuba Ulla Ulrich Ulrike Umut Ursula Ute Valentina Valeria Vanessa
Vasile Vasyl Vera Veronika Viktor Viktoria Viktoriia Vitali Vladimir Volodymyr Waltraud Walter Werner Wiktoria Wilhelm
Wladimir Wolfgang Wolodymyr Yana Yaroslav Yasemin Yasmin Yuliia Yulia Yuri Yurii Yusuf Yvonne Zahra Zainab Zeinab
Zeynep Zoe Zsófia
"""
GIVEN_NAMES: Final = frozenset(fold(name) for name in _NAMES.split())
"""Folded."""
