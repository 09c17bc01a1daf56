"""Services that a simulation can be about, and the words that fill the gaps of its texts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """A service: how it is called, who answers for it, and which written posts can speak about it.

    `own` and `written` name the services of written posts that are about this service, or may be told of it; `avoid`
    is a regular expression of words that make a post told of it unfit.
    """

    service: str
    domain: str
    terms: tuple[str, ...]
    spellings: tuple[str, ...]
    official: str
    provider: str
    components: tuple[str, ...]
    competitors: tuple[str, ...]
    codes: tuple[str, ...]
    written: tuple[str, ...]
    own: tuple[str, ...] = ()
    avoid: str = r"(?!)"

    @property
    def tag(self) -> str:
        """The service as a hashtag, without the mark."""
        return self.service.replace(" ", "").lower()


_AI = Profile(
    service="ChatGPT",
    domain="ai",
    terms=("chatgpt", "chat gpt", "openai"),
    spellings=("ChatGPT", "ChatGPT", "chatgpt", "chatgpt", "Chat GPT", "chat gpt", "Chatgpt"),
    official="OpenAI",
    provider="OpenAI (simulated)",
    components=("ChatGPT", "API"),
    competitors=("Claude", "Gemini", "Copilot", "Perplexity", "Mistral"),
    codes=("error 500", "a 503", "a network error", "error 429", '"something went wrong"', "a 502", "a blank page"),
    own=("ChatGPT", "OpenAI API", "OpenAI"),
    written=("Claude", "Gemini", "Perplexity", "Claude API", "DeepSeek"),
    avoid=r"gpt|openai|sonnet|haiku|\bopus\b|google|copilot|\bgrok\b",
)
_MOBILE = Profile(
    service="Telvanta",
    domain="mobile",
    terms=("telvanta",),
    spellings=("Telvanta", "Telvanta", "telvanta", "TELVANTA"),
    official="TelvantaHelp",
    provider="Telvanta (simulated)",
    components=("Voice", "Text messages", "Mobile data"),
    competitors=("Norrlink", "Cellbury", "Kestrel Mobile"),
    codes=('"no service"', '"emergency calls only"', "one bar and no data", '"message not sent"', "dead air"),
    written=(
        *("Vodafone", "Vodafone UK", "EE", "Optus", "Rogers", "Jio", "AT&T", "Verizon", "T-Mobile"),
        *("Telstra", "Airtel", "TIM", "Orange", "Telekom", "Movistar", "Free", "SFR", "MTN", "Claro", "Vivo"),
        *("WindTre", "Bell Canada", "Cricket"),
    ),
)
_PAY = Profile(
    service="Zentipay",
    domain="pay",
    terms=("zentipay",),
    spellings=("Zentipay", "Zentipay", "zentipay", "ZentiPay"),
    official="ZentipayHelp",
    provider="Zentipay (simulated)",
    components=("Card payments", "Transfers", "App"),
    competitors=("Karolo", "Pennywell", "Tallybank"),
    codes=('"declined"', "error 51", "a spinning wheel", '"try another card"', "a time-out", "error 91"),
    written=(
        *("Visa", "Square", "PayPal", "Stripe", "Nubank", "UPI", "Monzo", "Chase", "Barclays", "TSB", "Cash App"),
        *("Venmo", "Pix", "Paytm", "Worldpay", "Revolut", "Starling Bank", "Adyen", "SumUp", "Clover", "Klarna"),
        *("Bizum", "Zelle", "Interac", "Mercado Pago", "BBVA", "Sparkasse", "Lloyds Bank", "HSBC", "HSBC UK"),
    ),
)

PROFILES: dict[str, Profile] = {"chatgpt": _AI, "mobile": _MOBILE, "payments": _PAY}

PLACES: tuple[str, ...] = (
    *("Leeds", "Cork", "Porto", "Graz", "Austin", "Toronto", "Ghent", "Oslo", "Lyon", "Turin", "Bilbao", "Recife"),
    *("Glasgow", "Denver", "Perth", "Nairobi", "Pune", "Kraków", "Aarhus", "Basel", "Boston", "Manila", "Lima"),
    *("Cardiff", "Utrecht", "Bremen", "Nantes", "Bari", "Sevilla", "Curitiba", "Tampa", "Dublin", "Accra", "Hobart"),
)
DEVICES: tuple[str, ...] = (
    *("an old iPhone", "a Pixel", "Firefox", "Chrome", "Safari", "the Android app", "the desktop app", "a tablet"),
    *("Edge on Windows", "Linux", "a work laptop", "a Samsung", "the web version", "two phones"),
)
