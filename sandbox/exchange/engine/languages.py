"""
The host's words in another language: errors, warnings, questions and dates of German and Russian hosts.

Ids, categories, thumbprints, reasons in brackets and names of cmdlets are the same everywhere; texts are not.
The translations are this project's own (see sandbox/exchange/guesses.py): what counts is that they are not English.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

CULTURES: Final = ("en-US", "de-DE", "ru-RU")

_DATES: Final[Mapping[str, str]] = {
    "de-DE": "%d.%m.%Y %H:%M:%S",
    "ru-RU": "%d.%m.%Y %H:%M:%S",
}
_TEXTS: Final[tuple[tuple[str, str, str], ...]] = (
    # English with {0} for what stays, German, Russian. Longer ones stand before their beginnings.
    (
        "A special Rpc error occurs on server {0}: {1}",
        "Auf dem Server {0} ist ein spezieller RPC-Fehler aufgetreten: {1}",
        "На сервере {0} произошла особая ошибка RPC: {1}",
    ),
    (
        "The certificate with thumbprint {0} was not found.",
        "Das Zertifikat mit dem Fingerabdruck {0} wurde nicht gefunden.",
        "Сертификат с отпечатком {0} не найден.",
    ),
    (
        "The certificate with thumbprint {0} was found but is not valid for use with Exchange Server (reason: {1}).",
        (
            "Das Zertifikat mit dem Fingerabdruck {0} wurde gefunden, kann jedoch nicht mit Exchange Server verwendet "
            "werden (Grund: {1})."
        ),
        "Сертификат с отпечатком {0} найден, но его нельзя использовать с Exchange Server (причина: {1}).",
    ),
    (
        "Cannot import certificate. A certificate with the thumbprint {0} already exists.",
        "Das Zertifikat kann nicht importiert werden. Ein Zertifikat mit dem Fingerabdruck {0} ist bereits vorhanden.",
        "Не удается импортировать сертификат. Сертификат с отпечатком {0} уже существует.",
    ),
    (
        "The source data cannot be imported or the wrong password was specified.",
        "Die Quelldaten können nicht importiert werden, oder es wurde ein falsches Kennwort angegeben.",
        "Не удается импортировать исходные данные, или указан неверный пароль.",
    ),
    (
        "The source data is corrupted or not properly Base64 encoded.",
        "Die Quelldaten sind beschädigt oder nicht ordnungsgemäß Base64-codiert.",
        "Исходные данные повреждены или неправильно закодированы в Base64.",
    ),
    (
        "The certificate cannot be imported because its root certificate is not trusted.",
        "Das Zertifikat kann nicht importiert werden, da das Stammzertifikat nicht vertrauenswürdig ist.",
        "Не удается импортировать сертификат: корневой сертификат не является доверенным.",
    ),
    (
        "You must specify a value for either the FileData or Instance parameter.",
        "Sie müssen einen Wert für den Parameter FileData oder Instance angeben.",
        "Необходимо указать значение параметра FileData или Instance.",
    ),
    (
        "The private key couldn't be exported as PKCS-12. It either couldn't be accessed or isn't exportable.",
        "Der private Schlüssel konnte nicht als PKCS-12 exportiert werden: kein Zugriff, oder er ist nicht exportierbar.",
        "Не удалось экспортировать закрытый ключ в формате PKCS-12: нет доступа, либо он не экспортируемый.",
    ),
    (
        "The internal transport certificate cannot be removed because {0}",
        (
            "Das interne Transportzertifikat kann nicht entfernt werden, da sonst der Microsoft Exchange-Transportdienst "
            "beendet würde."
        ),
        "Нельзя удалить сертификат внутреннего транспорта: служба транспорта Microsoft Exchange остановится.",
    ),
    (
        "These certificates are tagged with following Send Connectors : {0}. Removing {1}",
        "Diese Zertifikate sind mit den folgenden Sendeconnectors verknüpft: {0}. Der Nachrichtenfluss wäre gestört.",
        "Эти сертификаты связаны со следующими соединителями отправки: {0}. Поток почты будет нарушен.",
    ),
    (
        "The {0} certificate cannot be removed: it is in use.",
        "Das {0}-Zertifikat kann nicht entfernt werden: Es wird verwendet.",
        "Сертификат {0} нельзя удалить: он используется.",
    ),
    (
        "This certificate with thumbprint {0} and subject '{1}' cannot used for {2} SSL/TLS connections {3}",
        "Dieses Zertifikat mit dem Fingerabdruck {0} und dem Antragsteller '{1}' kann nicht für {2} verwendet werden.",
        "Сертификат с отпечатком {0} и субъектом '{1}' нельзя использовать для {2}.",
    ),
    (
        (
            "This certificate will not be used for external TLS connections with an FQDN of '{0}' because {1} certificate "
            "with thumbprint '{2}' takes precedence. {3}"
        ),
        (
            "Dieses Zertifikat wird nicht für externe TLS-Verbindungen mit dem FQDN '{0}' verwendet, da das Zertifikat "
            "mit dem Fingerabdruck '{2}' Vorrang hat."
        ),
        (
            "Сертификат не будет использоваться для внешних подключений TLS с FQDN '{0}': приоритет у сертификата с "
            "отпечатком '{2}'."
        ),
    ),
    (
        "Insufficient rights to grant Network Service access to the certificate with thumbprint {0}.",
        "Unzureichende Rechte, um dem Netzwerkdienst Zugriff auf das Zertifikat mit dem Fingerabdruck {0} zu gewähren.",
        "Недостаточно прав для предоставления сетевой службе доступа к сертификату с отпечатком {0}.",
    ),
    (
        "The requested service is not installed on this server.",
        "Der angeforderte Dienst ist auf diesem Server nicht installiert.",
        "Запрошенная служба не установлена на этом сервере.",
    ),
    (
        "The {0} service starts in TCP mode.",
        "Der Dienst {0} wird im TCP-Modus gestartet.",
        "Служба {0} запускается в режиме TCP.",
    ),
    (
        (
            "The internal transport certificate is damaged or missing in Active Directory. Edge subscriptions must be "
            "recreated."
        ),
        (
            "Das interne Transportzertifikat ist beschädigt oder fehlt in Active Directory. Erstellen Sie die "
            "Edge-Abonnements neu."
        ),
        (
            "Сертификат внутреннего транспорта поврежден или отсутствует в Active Directory. Создайте пограничные подписки "
            "заново."
        ),
    ),
    (
        (
            "The Exchange Certificate operation has failed with an exception on server {0}. The error message is: Access is "
            "denied."
        ),
        "Fehler beim Exchange-Zertifikatvorgang auf dem Server {0}. Fehlermeldung: Zugriff verweigert",
        "Сбой операции с сертификатом Exchange на сервере {0}. Сообщение об ошибке: Отказано в доступе.",
    ),
    (
        (
            "The Exchange Certificate operation has failed with an exception on server {0}. The error message is: Unknown "
            "error ({1})"
        ),
        "Fehler beim Exchange-Zertifikatvorgang auf dem Server {0}. Fehlermeldung: Unbekannter Fehler ({1})",
        "Сбой операции с сертификатом Exchange на сервере {0}. Сообщение об ошибке: Неизвестная ошибка ({1})",
    ),
    (
        "The Exchange Certificate operation has failed with an exception.  The error message is: Unknown error ({0})",
        "Fehler beim Exchange-Zertifikatvorgang. Fehlermeldung: Unbekannter Fehler ({0})",
        "Сбой операции с сертификатом Exchange. Сообщение об ошибке: Неизвестная ошибка ({0})",
    ),
    (
        (
            "Could not connect to the Exchange Certificate service on server {0}: There are no more endpoints available "
            "from the endpoint mapper. (0x6D9)"
        ),
        (
            "Keine Verbindung zum Exchange-Zertifikatdienst auf dem Server {0}: Es sind keine weiteren Endpunkte "
            "verfügbar. (0x6D9)"
        ),
        "Не удалось подключиться к службе сертификатов Exchange на сервере {0}: больше нет конечных точек. (0x6D9)",
    ),
    (
        "Windows PowerShell is in NonInteractive mode. Read and Prompt functionality is not available.",
        "Windows PowerShell befindet sich im nicht interaktiven Modus. Lese- und Eingabefunktionen sind nicht verfügbar.",
        "Windows PowerShell работает в неинтерактивном режиме. Чтение и запросы недоступны.",
    ),
    (
        (
            "A command that prompts the user failed because the host program or the command type does not support user "
            "interaction. The host was attempting to request confirmation with the following message: {0}"
        ),
        "Fehler bei einem Befehl mit Benutzeraufforderung: Das Hostprogramm unterstützt keine Benutzerinteraktion. {0}",
        "Сбой команды, запрашивающей пользователя: программа не поддерживает взаимодействие с пользователем. {0}",
    ),
    (
        "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode.",
        "Die Syntax wird von diesem Runspace nicht unterstützt.",
        "Синтаксис не поддерживается этим пространством выполнения.",
    ),
    (
        "A parameter cannot be found that matches parameter name '{0}'.",
        'Es wurde kein Parameter gefunden, der dem Parameternamen "{0}" entspricht.',
        'Не удается найти параметр, соответствующий имени параметра "{0}".',
    ),
    (
        "Cannot bind parameter 'Services'. {0}",
        'Der Parameter "Services" kann nicht gebunden werden. Ungültiger Enumerationswert.',
        'Не удается привязать параметр "Services". Недопустимое значение перечисления.',
    ),
    (
        "The term '{0}' is not recognized as the name of a cmdlet, {1}",
        'Die Benennung "{0}" wurde nicht als Name eines Cmdlet, einer Funktion oder eines Programms erkannt.',
        'Имя "{0}" не распознано как имя командлета, функции или программы.',
    ),
    (
        "The Windows PowerShell snap-in '{0}' is not installed on this machine.",
        'Das Windows PowerShell-Snap-In "{0}" ist auf diesem Computer nicht installiert.',
        'Оснастка Windows PowerShell "{0}" не установлена на этом компьютере.',
    ),
    (
        "The friendly name must be fewer than 64 characters long.",
        "Der Anzeigename muss kürzer als 64 Zeichen sein.",
        "Понятное имя должно быть короче 64 символов.",
    ),
    (
        "The request file '{0}' is not valid: it exists already.",
        "Die Anforderungsdatei '{0}' ist ungültig: Sie ist bereits vorhanden.",
        "Файл запроса '{0}' недопустим: он уже существует.",
    ),
    (
        "The certificate '{0}' is not enabled for the SMTP protocol on this server.",
        "Das Zertifikat '{0}' ist auf diesem Server nicht für SMTP aktiviert.",
        "Сертификат '{0}' не включен для протокола SMTP на этом сервере.",
    ),
    (
        "CertUtil: -addstore command FAILED: {0}\nCertUtil: Access is denied.",
        "CertUtil: -addstore-Befehl ist fehlgeschlagen: {0}\nCertUtil: Zugriff verweigert",
        "CertUtil: -addstore — команда НЕ ВЫПОЛНЕНА: {0}\nCertUtil: Отказано в доступе.",
    ),
    (
        "Active Directory operation failed on {0}. This error is not retriable. Additional information: {1} ({2})",
        "Fehler beim Active Directory-Vorgang auf {0}. Zusätzliche Informationen: ({2})",
        "Сбой операции Active Directory на {0}. Дополнительные сведения: ({2})",
    ),
    (
        (
            "Overwrite the existing default SMTP certificate?\n\nCurrent certificate: '{0}' (expires {1})\n"
            "Replace it with certificate: '{2}' (expires {3})"
        ),
        (
            "Möchten Sie das vorhandene SMTP-Standardzertifikat überschreiben?\n\n"
            "Aktuelles Zertifikat: '{0}' (läuft ab am {1})\nErsetzen durch Zertifikat: '{2}' (läuft ab am {3})"
        ),
        (
            "Перезаписать существующий сертификат SMTP по умолчанию?\n\n"
            "Текущий сертификат: '{0}' (истекает {1})\nЗаменить сертификатом: '{2}' (истекает {3})"
        ),
    ),
    (
        "Overwrite the existing default SMTP certificate?",
        "Möchten Sie das vorhandene SMTP-Standardzertifikat überschreiben?",
        "Перезаписать существующий сертификат SMTP по умолчанию?",
    ),
)


def spoken(text: str, culture: str) -> str:
    """The text in a host's language; what has no translation stays as it is."""
    if culture not in _DATES:
        return text
    for pattern, german, russian in _KNOWN:
        found = pattern.fullmatch(text)
        if found is not None:
            kept = [spoken(part, culture) for part in found.groups()]
            return (german if culture == "de-DE" else russian).format(*kept)
    return text


def calendar(moment: datetime, culture: str) -> str:
    """A moment as the culture writes it in a question or an id."""
    if culture in _DATES:
        return moment.strftime(_DATES[culture])
    text = moment.strftime("%m/%d/%Y %I:%M:%S %p")
    return text.lstrip("0").replace("/0", "/").replace(" 0", " ")


def _pattern(english: str) -> re.Pattern[str]:
    escaped = re.escape(english)
    return re.compile(re.sub(r"\\\{\d\\\}", "(.*?)", escaped), re.DOTALL)


_KNOWN: Final = tuple((_pattern(english), german, russian) for english, german, russian in _TEXTS)
