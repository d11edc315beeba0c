"""Services as people type them: one word or several, in any case, with the name an old guide made up understood."""

from bot.domain.plan import Service

UC_HINT = "There is no service UC in Exchange; UM was taken for it."


def parse_service(word: str) -> tuple[Service, str]:
    """
    Read a service's name; ``UC``, which some guides write, is understood as UM and never goes further.

    Returns:
        The service, and a hint for the person who wrote it; the hint is empty when all is well.

    Raises:
        ValueError: there is no such service.

    Source: exchange.md 2.3.
    """
    name = word.strip().upper()
    if name == "UC":
        return Service.UM, UC_HINT
    try:
        return Service(name), ""
    except ValueError:
        known = ", ".join(Service)
        raise ValueError(f"{word.strip()[:40]!r} is no service: write {known}.") from None


def parse_services(text: str) -> tuple[tuple[Service, ...], tuple[str, ...]]:
    """
    Read services with commas between them.

    Returns:
        Each service once, in Exchange's order, and every hint once.

    Raises:
        ValueError: one of them is no service, or there is none.
    """
    words = [word for word in text.split(",") if word.strip()]
    if not words:
        raise ValueError(f"No service is named: write {', '.join(Service)}.")
    read = [parse_service(word) for word in words]
    chosen = {service for service, _ in read}
    hints = dict.fromkeys(hint for _, hint in read if hint)
    return tuple(service for service in Service if service in chosen), tuple(hints)
