"""From files to exams: scan, classify, check, quantify, load."""
