"""The chat server: python3 examples-chat/python --help"""

from wschat.main import main

main()
