"""SMS. Twilio is one provider of it; only the modules named after Twilio know it."""
