"""
The form of a certificate request: loaded whatever the order of its attributes, and its own signature checked.

Windows writes attributes in no fixed order and, on older systems, signs with SHA-1. The library refuses the first and calls the second
invalid, so both are done here: the attributes are put in order for reading, the signature is checked over the bytes as they came.
"""

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from bot.certs import der as asn1


def load_request(der: bytes) -> x509.CertificateSigningRequest:
    """
    Load a request for reading; ask `is_self_proven` about its signature, never the result itself.

    Raises:
        ValueError: when it is not built as one (`asn1.BadDer` is one too).

    Source: RFC 2986 4.1; X.690 11.6 on the order of a SET, which signers do not always keep.
    """
    info, algorithm, signature = asn1.elements(asn1.first_element(der).content)
    *before, last = asn1.elements(info.content)
    if last.tag == asn1.CONTEXT_0:
        attributes = sorted(element.whole for element in asn1.elements(last.content))
        last = asn1.element(asn1.CONTEXT_0, b"".join(attributes))
    ordered = asn1.element(asn1.SEQUENCE, b"".join(part.whole for part in (*before, last)))
    whole = asn1.element(
        asn1.SEQUENCE, b"".join(part.whole for part in (ordered, algorithm, signature))
    )
    return x509.load_der_x509_csr(whole.whole)


def is_self_proven(request: x509.CertificateSigningRequest, der: bytes) -> bool:
    """
    Say whether whoever made the request holds its key: the signature over the original bytes fits the key inside (RFC 2986 4.2).

    The hash does not matter here, SHA-1 is taken: it proves possession to us and says nothing about the certificate to come.
    """
    info, _, signature = asn1.elements(asn1.first_element(der).content)
    key, hash_algorithm = request.public_key(), request.signature_hash_algorithm
    parameters = request.signature_algorithm_parameters
    if hash_algorithm is None:
        return False
    try:
        match key, parameters:
            case rsa.RSAPublicKey(), padding.PKCS1v15() | padding.PSS():
                key.verify(signature.content[1:], info.whole, parameters, hash_algorithm)
            case ec.EllipticCurvePublicKey(), ec.ECDSA():
                key.verify(signature.content[1:], info.whole, parameters)
            case _:
                return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True
