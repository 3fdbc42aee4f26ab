"""From queued rows to the carriers, paced, each attempt on record before it is made."""
