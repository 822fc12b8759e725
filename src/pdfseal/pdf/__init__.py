"""PDF files: read as revisions of objects, extended by appending, never rewritten.

    source -> syntax, filters -> xref -> document        what a file is, as of any of its revisions
    drawing, field, structure -> revision                what is appended
    existing_field, rights, permission, presentation     what the document wishes, permits and shows
    signature, changes                                   what was signed, and what came after
    encryption, second_reader, repair, conformance       passwords, a second opinion, last resort, promises
    text                                                 characters with their boxes

Law: knows nothing of certificates, containers or our crypto.
"""
