"""A stand-in for Telegram's Bot API: the wire, the chats behind it, and the people in them."""
