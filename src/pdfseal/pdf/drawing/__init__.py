"""What a seal looks like: picture, captions and QR code, drawn as a form XObject.

picture, ink, margins   the picture's pixels, its ink alone, its white edges
caption, font           words beside it
artwork                 all of them, arranged
appearance              written into the revision
shown_picture           the picture of a seal that is there already, read back
"""
