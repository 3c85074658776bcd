"""What a PNG says of its origin: that a neural network made it, and which one."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import quoteattr

#: The key under which PNG readers look for XMP.
_XMP_KEY = "XML:com.adobe.xmp"
#: Terms of IPTC for pictures made by a trained network alone, and for pictures that it changed.
_TERMS = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_MADE, _CHANGED = "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"
_XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    "Iptc4xmpExt:DigitalSourceType={term}/></rdf:RDF></x:xmpmeta>"
    '<?xpacket end="w"?>'
)


def origin_of(facts: Mapping[str, str], *, from_photographs: bool) -> dict[str, str]:
    """Return the texts of a PNG by keyword: `Software`, `Source`, IPTC's digital source type as XMP, and the facts.

    `from_photographs` says that the network changed pictures, and did not make them from nothing. Facts get keywords
    such as `ganzoo:run`.
    """
    from ganzoo import __version__

    verb, term = ("changed", _CHANGED) if from_photographs else ("made", _MADE)
    return {
        "Software": f"ganzoo {__version__}",
        "Source": f"synthetic: {verb} by a neural network",
        _XMP_KEY: _XMP.format(term=quoteattr(_TERMS + term)),
        **{f"ganzoo:{name}": text for name, text in facts.items()},
    }
