"""A stand-in for Twilio's Messages API: the wire, the receipts, and the people who write back."""
