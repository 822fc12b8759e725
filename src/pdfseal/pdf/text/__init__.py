"""Characters with their boxes, and words found among them.

pages                     the text of each page, read once and kept
pdfium, second_opinion    the two readers
layers, layout            what is shown, and in which order it is read
fold, match, search       a keyword -> matches
"""
