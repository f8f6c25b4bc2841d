"""Noise changes how a sentence is written, never what it says."""

import random

from training import noise


def test_the_final_full_stop_is_cut_and_nothing_else() -> None:
    assert noise.drop_final_punctuation("Le maire a démissionné.") == "Le maire a démissionné"
    assert noise.drop_final_punctuation("هل عاد الوزير؟") == "هل عاد الوزير"
    assert noise.drop_final_punctuation("?!") == "?!"


def test_accents_go_and_letters_stay() -> None:
    assert noise.drop_accents("Élisabeth à Besançon") == "Elisabeth a Besancon"
    assert noise.capitals_without_accents("Grève à Nîmes") == "GREVE A NIMES"


def test_arabic_loses_vowel_marks_and_hamza_with_its_accents() -> None:
    assert noise.drop_accents("أَعْلَنَ") == "اعلن"


def test_digits_become_arabic_indic() -> None:
    assert noise.arabic_digits("12 مايو 2025") == "١٢ مايو ٢٠٢٥"


def test_quotes_and_apostrophes_change_shape() -> None:
    assert noise.straight_quotes("l’« accord »") == 'l\'" accord "'
    assert noise.curly_quotes("l'accord") == "l’accord"


def test_noise_with_one_seed_is_always_the_same() -> None:
    text = "Le ministre de l'Intérieur s'est rendu à Marseille."
    first = [noise.make_noisy(text, "fr", random.Random(3)) for _ in range(5)]
    assert len(set(first)) == 1


def test_every_reported_noise_leaves_a_sentence_to_translate() -> None:
    samples = {"fr": "L’été à Nice fut « très » chaud.", "ar": "قالت الوزيرة أمس إنها ستستقيل."}
    for language, kinds in noise.REPORTED_NOISE.items():
        for change in kinds.values():
            assert len(change(samples[language]).split()) == len(samples[language].split())
