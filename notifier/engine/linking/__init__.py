"""How people connect their Telegram chats: personal links on paper, vouchers by word of mouth."""
