"""The chat server: python3 examples-chat/python --help"""

from chat_server.main import main

main()
