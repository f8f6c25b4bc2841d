"""Tables of languages: the scripts they are written in, their letters, their function words.

Data for `service.text.detect`; nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Languages that are considered, by script, with the logarithm of how much rarer than the usual
# ones they are in a newsroom that follows France, the Maghreb and the Levant.
LATIN: Final[Mapping[str, float]] = {
    **dict.fromkeys(("en", "fr"), 0.0),
    **dict.fromkeys(("es", "it", "de", "pt", "nl", "tr"), -0.7),
    **dict.fromkeys(("ca", "ro", "pl", "sv"), -1.6),
    **dict.fromkeys(("da", "no", "fi", "cs", "sk", "hu", "hr", "sl", "sq", "id", "vi"), -2.2),
    **dict.fromkeys(("ku", "so", "sw", "mt", "lt", "lv", "et", "az", "eu", "gl", "tl"), -3.0),
}
ARABIC: Final[Mapping[str, float]] = {"ar": 0.0, "fa": -1.0, "ur": -1.0, "ku": -1.0, "ps": -1.0}
CYRILLIC: Final[Mapping[str, float]] = {
    "ru": 0.0, "uk": -0.5, "bg": -1.0, "sr": -1.5, "mk": -2.0, "be": -2.0, "kk": -2.0
}  # fmt: skip
DEVANAGARI: Final[Mapping[str, float]] = {"hi": 0.0, "mr": -1.5, "ne": -1.5}
HEBREW: Final[Mapping[str, float]] = {"he": 0.0, "yi": -2.0}
HAN: Final[Mapping[str, float]] = {"zh": 0.0, "ja": -1.5}
ETHIOPIC: Final[Mapping[str, float]] = {"am": 0.0}

# (first code point, last code point, script, letters of Latin text that one letter is worth)
SCRIPTS: Final[tuple[tuple[int, int, str, float], ...]] = (
    (0x0041, 0x024F, "Latin", 1.0),
    (0x0250, 0x02AF, "Latin", 1.0),
    (0x0370, 0x03FF, "Greek", 1.0),
    (0x0400, 0x052F, "Cyrillic", 1.0),
    (0x0531, 0x058F, "Armenian", 1.0),
    (0x0590, 0x05FF, "Hebrew", 1.3),
    (0x0600, 0x06FF, "Arabic", 1.3),
    (0x0750, 0x077F, "Arabic", 1.3),
    (0x08A0, 0x08FF, "Arabic", 1.3),
    (0x0900, 0x097F, "Devanagari", 1.0),
    (0x0980, 0x09FF, "Bengali", 1.0),
    (0x0A00, 0x0A7F, "Gurmukhi", 1.0),
    (0x0A80, 0x0AFF, "Gujarati", 1.0),
    (0x0B80, 0x0BFF, "Tamil", 1.0),
    (0x0C00, 0x0C7F, "Telugu", 1.0),
    (0x0C80, 0x0CFF, "Kannada", 1.0),
    (0x0D00, 0x0D7F, "Malayalam", 1.0),
    (0x0D80, 0x0DFF, "Sinhala", 1.0),
    (0x0E00, 0x0E7F, "Thai", 1.0),
    (0x0E80, 0x0EFF, "Lao", 1.0),
    (0x1000, 0x109F, "Myanmar", 1.0),
    (0x10A0, 0x10FF, "Georgian", 1.0),
    (0x1100, 0x11FF, "Hangul", 2.5),
    (0x1200, 0x137F, "Ethiopic", 1.5),
    (0x1780, 0x17FF, "Khmer", 1.0),
    (0x1E00, 0x1EFF, "Latin", 1.0),
    (0x1F00, 0x1FFF, "Greek", 1.0),
    (0x3040, 0x30FF, "Kana", 2.5),
    (0x3130, 0x318F, "Hangul", 2.5),
    (0x3400, 0x4DBF, "Han", 3.0),
    (0x4E00, 0x9FFF, "Han", 3.0),
    (0xAC00, 0xD7AF, "Hangul", 2.5),
    (0xFB1D, 0xFB4F, "Hebrew", 1.3),
    (0xFB50, 0xFDFF, "Arabic", 1.3),
    (0xFE70, 0xFEFF, "Arabic", 1.3),
)
LANGUAGES_OF: Final[Mapping[str, Mapping[str, float]]] = {
    "Latin": LATIN,
    "Arabic": ARABIC,
    "Cyrillic": CYRILLIC,
    "Devanagari": DEVANAGARI,
    "Hebrew": HEBREW,
    "Han": HAN,
    "Ethiopic": ETHIOPIC,
    "Kana": {"ja": 0.0},
    "Greek": {"el": 0.0},
    "Armenian": {"hy": 0.0},
    "Bengali": {"bn": 0.0},
    "Gurmukhi": {"pa": 0.0},
    "Gujarati": {"gu": 0.0},
    "Tamil": {"ta": 0.0},
    "Telugu": {"te": 0.0},
    "Kannada": {"kn": 0.0},
    "Malayalam": {"ml": 0.0},
    "Sinhala": {"si": 0.0},
    "Thai": {"th": 0.0},
    "Lao": {"lo": 0.0},
    "Myanmar": {"my": 0.0},
    "Georgian": {"ka": 0.0},
    "Hangul": {"ko": 0.0},
    "Khmer": {"km": 0.0},
}

# What the two libraries call a language, where it is not our name for it.
ALIASES: Final[Mapping[str, str]] = {
    "arz": "ar", "ckb": "ku", "zh-cn": "zh", "zh-tw": "zh", "wuu": "zh", "yue": "zh",
    "nn": "no", "nb": "no", "sh": "hr", "bs": "hr", "pnb": "ur", "mzn": "fa", "ms": "id",
    "nds": "de", "als": "de", "bar": "de", "af": "nl", "vls": "nl", "oc": "ca", "sco": "en",
    "scn": "it", "vec": "it", "lmo": "it", "nap": "it", "pms": "it", "ast": "es", "an": "es",
    "wa": "fr", "frr": "de", "fil": "tl", "azb": "fa", "simple": "en",
}  # fmt: skip

# What a letter in a text in Arabic script says for a language, in logarithms of odds. Some letters
# are found in one of these languages and hardly in the others; some are shared by a few.
ARABIC_LETTERS: Final[Mapping[str, tuple[tuple[str, float], ...]]] = {
    **dict.fromkeys("ټډړږښڼېۍځڅ", (("ps", 3.0),)),
    **dict.fromkeys("ٹڈڑںےۓہۂۃ۔", (("ur", 2.5),)),
    **dict.fromkeys("ێۆڵڕۊ", (("ku", 3.0),)),
    **dict.fromkeys("پچ", (("fa", 1.0), ("ur", 1.0), ("ku", 1.0), ("ps", 1.0))),
    **dict.fromkeys("کی", (("fa", 0.5), ("ur", 0.5), ("ku", 0.5), ("ps", 0.4))),
    **dict.fromkeys("ةىإ", (("ar", 1.2),)),
    **dict.fromkeys("كأؤًٌٍَُِّْ", (("ar", 0.4),)),
    "ە": (("ku", 2.0),),
    "ڤ": (("ku", 1.0),),
    "ھ": (("ur", 1.5), ("ku", 1.0)),
    "ژ": (("fa", 1.0), ("ku", 1.0), ("ps", 1.0)),
    "گ": (("fa", 1.0), ("ur", 1.0), ("ku", 1.0)),
    "ي": (("ar", 0.4), ("ps", 0.4)),
    "\u200c": (("fa", 1.0), ("ku", 0.5)),
}

# The same for letters of the Latin script.
LATIN_LETTERS: Final[Mapping[str, tuple[tuple[str, float], ...]]] = {
    **dict.fromkeys("ãõ", (("pt", 2.0),)),
    **dict.fromkeys("ñ¿¡", (("es", 2.0), ("gl", 1.0))),
    **dict.fromkeys("ß", (("de", 2.5),)),
    **dict.fromkeys("ığ", (("tr", 2.0), ("az", 1.5))),
    **dict.fromkeys("ş", (("tr", 1.0), ("ro", 0.5), ("az", 1.0), ("ku", 1.0))),
    **dict.fromkeys("ățţș", (("ro", 2.0),)),
    **dict.fromkeys("łąęśźżćń", (("pl", 1.5), ("hr", 0.5))),
    **dict.fromkeys("œêèùëï", (("fr", 0.7), ("it", 0.3), ("ca", 0.3), ("nl", 0.2), ("pt", 0.1))),
    **dict.fromkeys("å", (("sv", 1.5), ("da", 1.0), ("no", 1.0))),
    **dict.fromkeys("øæ", (("da", 1.5), ("no", 1.5))),
    **dict.fromkeys("ěřů", (("cs", 2.0),)),
    **dict.fromkeys("őű", (("hu", 2.0),)),
}

# Words that carry the grammar; those shared by several of these languages count for each.
_WORDS_OF: Final[Mapping[str, str]] = {
    "en": """the of and to in is was for that on with as at by from are were be been has have had
        he she it they we you his her their this these those which who what where when why how
        not but or an will would can could said says after before over under into about
        against amid as more than no its out up new all there here us our my your do does did
        if while during near off again still set first former may must should just also only
        some any such read thank very good""",
    "fr": """le la les de des du un une et est en à au aux pour dans que qui sur par avec ne pas
        plus ce cette ces son sa ses leur leurs il elle ils elles on nous vous je se sont été
        être avoir fait mais ou où dont sans sous entre après avant chez vers depuis contre
        selon comme tout tous toute très aussi encore même quand comment pourquoi ça lui rien
        ni si deux trois quatre cinq ainsi lors afin merci l d qu c j n s m""",
    "es": """el la los las de del un una y en que por con para se su sus es al lo como más pero
        este esta estos ha han fue son sin sobre entre hasta desde cuando muy también ya no me
        qué dónde quién cómo está tras ante contra muchas gracias nos hoy ayer""",
    "it": """il lo la i gli le di del della dei degli delle un una uno e è che in a da dal dalla
        nel nella nei con per su sul sulla non si sono ha hanno come più ma anche al alla ai
        alle questo questa perché dopo prima tra fra cosa chi grazie mille tutti ecco dove
        quando""",
    "de": """der die das den dem des ein eine einen einem einer und ist in im zu von mit auf für
        nicht sich auch es an als nach bei aus am um wie wird werden wurde sind hat haben war
        über vor zur zum durch gegen unter kein keine noch nur wo was wer warum ich sie er wir
        guten""",
    "pt": """o a os as de do da dos das um uma e em no na nos nas que por com para se seu sua é ao
        à mais mas como foi são não pelo pela já também quando muito após até sobre entre onde
        está quem isto isso obrigado ele ela""",
    "nl": """de het een en van in is op te dat die voor met zijn niet aan er om ook als bij door
        naar uit over maar nog wordt worden heeft hebben was werd tot na geen meer ze hij wij
        je waar wat wie hoe dank rond tegen onder deze dit""",
    "tr": """ve bir bu da de için ile çok daha en ne olarak olan gibi kadar sonra ancak ama değil
        var yok mi mı mu mü o şu ki her nerede neden nasıl kim teşekkür ederim yeni edildi""",
    "ca": """el la els les de del dels un una i en que per amb es no al als com més però aquest
        aquesta ha han va van són és seva seu seus molt moltes gràcies segons feia entre sobre
        perquè on què quan""",
    "ro": """și în de la cu pe a al ale un o din care nu este sunt pentru mai fost au am că se sa
        lui prin după între fără acest această cel cei foarte mulțumesc ce unde când dar""",
    "pl": """i w z na do nie się to że jest o po za od przez dla ale jak czy tym który która są był
        była będzie""",
    "sv": """och att det i en som är på av för med den till inte har de om ett var efter från vid
        kan ska två""",
    "da": "og at det i en som er på af for med den til ikke har de om et var efter fra ved kan",
    "no": "og at det i en som er på av for med den til ikke har de om et var etter fra ved kan",
    "so": "ayaa in wada oo ka ku iyo waa la uu ay soo sii ee si",
    "id": "yang dan di ke dari untuk dengan ini itu pada akan tidak dalam adalah bahwa",
    "ku": """û li ji bi di de ku ya yê bo ser jî لە بۆ کە بە ئەو ئەم دوای لەگەڵ و بوو کرد دەکات زۆر
        سوپاس""",
    "ar": """في من على إلى أن إن التي الذي الذين عن هذا هذه ما لا لم لن قد كان كانت بعد قبل مع بين
        وقال قال ذلك هو هي كل أو ثم حتى عند بلا غير منذ خلال نحو ضد حول اقرأ أيضا شكرا أين نعم
        صباح مساء عاجل شو مش واش اللي والله""",
    "fa": """از به در که این است را با برای شد می های ها و آن یک تا بر اما نیز شود شده کرد کند
        خواهد بود هم او ما درباره است. خیلی شما چه چطور کسی ممنون سلام""",
    "ur": """کے کی میں ہے نے سے کا اور پر کو کہ یہ وہ ہیں تھا گیا کر دی جا بھی اس آپ کیسے بہت شکریہ
        مزید گی""",
    "ps": "د په کې چې دی ته او سره له يې ده څخه هم دا نه ډېره مننه",
    "ru": """и в не на что с по это как а но из у за от о для до все он она они мы вы его где
        большое спасибо""",
    "uk": "і в не на що з та у за від про для до це як він вона вони й його",
    "bg": "и в не на че с за от се да по е са ще през това как но",
}


def _languages_by_word() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for language, words in _WORDS_OF.items():
        for word in set(words.split()):
            found[word] = (*found.get(word, ()), language)
    return found


# The languages that each function word belongs to.
FUNCTION_WORDS: Final[Mapping[str, tuple[str, ...]]] = _languages_by_word()
