"""The two look-up tables of the kernel: folded letters, and names of well-known services (facts, no posts' words)."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import numpy as np

# Names that become one word, so that what is learnt about one service holds for the next. Folded as the kernel does.
_SERVICES = """
chatgpt gpt openai claude anthropic gemini copilot midjourney perplexity deepseek grok bard dalle sora characterai
vodafone vodafoneuk o2 ee threeuk giffgaff tesco sky skyhelpteam virginmedia talktalk bt plusnet comcast xfinity
spectrum cox verizon tmobile sprint centurylink optimum frontier att uverse dish directv rogers telus optus telstra
vodacom mtn airtel jio indihome telkomsel movistar orange telekom telefonica tim iliad wind fastweb starlink
aws azure gcp cloudflare fastly akamai github gitlab bitbucket npm vercel netlify heroku digitalocean docker
slack zoom teams outlook gmail office365 jira confluence trello notion figma canva asana zendesk salesforce okta
facebook instagram whatsapp messenger twitter tiktok snapchat reddit discord telegram signal youtube twitch linkedin
pinterest tumblr spotify netflix hulu disney hbo primevideo deezer soundcloud applemusic
playstation psn xbox nintendo steam roblox fortnite minecraft epicgames riot blizzard
paypal venmo cashapp zelle stripe square shopify monzo revolut starling barclays lloyds hsbc natwest tsb santander
chase wellsfargo visa mastercard upi paytm phonepe gpay bizum coinbase binance robinhood
amazon alexa google siri icloud apple microsoft windows adobe dropbox uber lyft doordash deliveroo airbnb
delta united southwest jetblue americanair usairways virginamerica ryanair easyjet
pge sce sdge eskom coned duke dominion entergy nationalgrid canvas blackboard moodle crowdstrike
"""
SERVICES: tuple[str, ...] = tuple(_SERVICES.split())

_OTHER = {"ß": "s", "æ": "a", "œ": "o", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "ŋ": "n", "þ": "t"}


@lru_cache(maxsize=1)
def fold_table() -> np.ndarray:
    """Return the folded byte of each code point below 0x250 (uint8): a lower-case letter, ``0``, 39 or 32."""
    table = np.full(0x250, 32, np.uint8)
    table[39] = 39
    for code in range(0x250):
        c = chr(code).lower()
        c = unicodedata.normalize("NFKD", _OTHER.get(c, c))[0]
        if "a" <= c <= "z":
            table[code] = ord(c)
        elif "0" <= c <= "9" and code < 128:
            table[code] = 48
    table.setflags(write=False)
    return table


@lru_cache(maxsize=1)
def name_table() -> np.ndarray:
    """Return an open hash table of 1,024 places (int64) with the word hashes of SERVICES; 0 is empty."""
    table = np.zeros(1024, np.int64)
    fold = fold_table()
    for name in SERVICES:
        h = 0x811C9DC5
        for c in name.encode():
            h = ((h ^ int(fold[c])) * 0x01000193) & 0xFFFFFFFF
        slot = h & 1023
        while table[slot] not in (0, h):
            slot = (slot + 1) & 1023
        table[slot] = h
    table.setflags(write=False)
    return table
