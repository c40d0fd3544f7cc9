"""Tools of the project itself: set-up, lock, licences, accuracy."""
