# Installation, package files.
