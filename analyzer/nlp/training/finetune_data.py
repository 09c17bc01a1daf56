"""Texts and targets of the multi-task fine-tuning, and the swapping of services' names in the texts."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analyzer.nlp.classifier import SCORES
from analyzer.nlp.training.data import GOEMOTIONS_FRUSTRATION

if TYPE_CHECKING:
    import pandas as pd

EMOTIONS = (
    "admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion", "curiosity", "desire",
    "disappointment", "disapproval", "disgust", "embarrassment", "excitement", "fear", "gratitude", "grief", "joy",
    "love", "nervousness", "optimism", "pride", "realization", "relief", "remorse", "sadness", "surprise", "neutral",
)  # fmt: skip
#: Outputs of the model while it is trained; the emotions are left out of what ships.
OUTPUTS: tuple[str, ...] = (*SCORES, "goemotions_frustration", *(f"emotion_{e}" for e in EMOTIONS))
N_SCORES = len(SCORES)
#: Share of the training loss of each output.
_WEIGHTS = {"p_relevant": 1.5, "p_report": 1.2, "p_frustration_ge1": 1.2, "p_frustration_ge2": 1.5}

#: Names that are swapped for one another, so that no service, and no prior that goes with it, is learnt by heart.
BRANDS = (
    "chatgpt|chat gpt|openai|gpt-?4|gpt-?3|claude code|claude|anthropic|gemini|copilot|perplexity|deepseek|github|"
    "gitlab|aws|azure|cloudflare|google cloud|vercel|netlify|npm|docker hub|whatsapp|facebook|instagram|twitter|"
    "tiktok|snapchat|reddit|discord|slack|microsoft teams|ms teams|zoom|telegram|signal|gmail|outlook|office 365|"
    "spotify|netflix|disney plus|hulu|youtube|twitch|playstation network|psn|xbox live|steam|fortnite|roblox|"
    "vodafone ?uk|vodafone|three ?uk|o2 ?uk|o2|ee|giffgaff|tesco mobile|virgin media|sky broadband|plusnet|bt|"
    "optus|telstra|rogers|bell canada|telus|verizon|at&t|att|t-mobile|sprint|comcast|xfinity|cox|spectrum|"
    "charter|frontier|centurylink|starlink|jio|airtel|indihome|telkomsel|eskom|pg&e|pge|con ?ed|eversource|"
    "national grid|monzo|revolut|starling|barclays|hsbc|lloyds|natwest|chase|wells fargo|"
    "paypal|venmo|cash app|stripe|square|worldpay|sumup|shopify|etsy|ebay|amazon|uber|lyft|deliveroo|doordash|canvas|"
    "blackboard|moodle|duolingo|notion|jira|trello|"
    "figma|canva|adobe|crowdstrike|okta|apple ?support|apple|icloud|spotify ?cares|amazon ?help|microsoft|sony|"
    "united|delta|american ?air|southwest ?air|jetblue|ryanair|easyjet|british airways|mercado pago|nubank|itau|pix|"
    "movistar|claro|vivo|tim|telekom|db navigator|sncf|free mobile|orange|sfr|iliad|windtre|poste italiane"
)
_POOL = (
    "ChatGPT", "GitHub", "Vodafone", "O2", "Comcast", "Netflix", "WhatsApp", "Slack", "AWS", "Monzo", "Jira", "Canvas",
    "Cloudflare", "Xfinity", "Spotify", "Discord", "Zoom", "PayPal", "Verizon", "Optus", "Stripe", "Gmail", "PSN",
    "Kelvo", "Northwave", "Brightnet", "Zentro", "Pagemill", "Quanta", "Orbix", "Tallybank", "Fernline", "Lumio",
    "Skyhook", "Driftly", "Voltara", "Cobalt", "Mapleton Water", "Harbor Electric", "Plenti", "Rundo", "Vexia",
    "Omnitel", "Parcelo", "Telora", "the app", "the site", "my provider", "the service", "our vendor", "it",
)  # fmt: skip
_BRAND = re.compile(rf"(?<![\w])([@#]?)({BRANDS})(?![\w])", re.IGNORECASE)


@dataclass(frozen=True)
class Examples:
    """Texts with targets (n, outputs), 0-1, and the weight of each target in the loss (n, outputs)."""

    texts: list[str]
    targets: np.ndarray
    weights: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)

    def __add__(self, other: Examples) -> Examples:
        return Examples(
            self.texts + other.texts,
            np.concatenate([self.targets, other.targets]),
            np.concatenate([self.weights, other.weights]),
        )

    def take(self, rows: np.ndarray) -> Examples:
        """Return the rows named."""
        return Examples([self.texts[i] for i in rows], self.targets[rows], self.weights[rows])


def from_labels(labels: pd.DataFrame) -> Examples:
    """Return labelled posts as examples; every label but relevance is learnt from relevant posts alone."""
    f = labels["frustration"].to_numpy()
    columns = [labels["relevant"], labels["report"], f >= 1, f >= 2, f >= 3, labels["humor"]]
    topics = labels[[f"topic_{c.removeprefix('p_topic_')}" for c in SCORES[6:]]].to_numpy(np.float32)
    scores = np.concatenate([np.stack([np.asarray(c, np.float32) for c in columns], 1), topics], 1)
    return from_scores(list(labels["text"]), scores)


def from_scores(texts: list[str], scores: np.ndarray, *, weight: float = 1.0) -> Examples:
    """Return examples from 0-1 scores in the order of SCORES; those after the first are conditional on relevance."""
    targets = np.zeros((len(texts), len(OUTPUTS)), np.float32)
    weights = np.zeros_like(targets)
    targets[:, :N_SCORES] = scores
    weights[:, :N_SCORES] = weight * scores[:, :1]
    weights[:, 0] = weight
    weights[:, :N_SCORES] *= [_WEIGHTS.get(n, 1.0) for n in SCORES]
    return Examples(texts, targets, weights)


def from_goemotions(data: pd.DataFrame, *, weight: float = 0.5) -> Examples:
    """Return GoEmotions comments as examples of its own outputs: frustration and the 28 emotions."""
    targets = np.zeros((len(data), len(OUTPUTS)), np.float32)
    weights = np.zeros_like(targets)
    targets[:, N_SCORES] = data[list(GOEMOTIONS_FRUSTRATION)].max(axis=1)
    targets[:, N_SCORES + 1 :] = data[list(EMOTIONS)]
    weights[:, N_SCORES] = 2 * weight
    weights[:, N_SCORES + 1 :] = weight / 4
    return Examples(list(data["text"]), targets, weights)


def swap_names(text: str, rng: random.Random) -> str:
    """Return the text with every service's name replaced by another, the same one for the same name."""
    given: dict[str, str] = {}

    def other(match: re.Match[str]) -> str:
        name = given.setdefault(match[2].lower(), rng.choice(_POOL))
        return match[1] + (name.replace(" ", "") if match[1] else name)

    return _BRAND.sub(other, text)
