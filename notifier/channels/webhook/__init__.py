"""Webhooks: other programs are told what becomes of cases, by signed calls to their addresses."""
