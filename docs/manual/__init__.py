"""Makes the man pages and the HTML manual from include/wscodec.json."""
