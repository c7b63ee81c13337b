package io.haredge.demo.core;

import java.util.Set;

/** Texts from outside, made fit to show: on one line, without control characters, bounded. */
final class Text {
    /** Characters of a label or the name of a model. */
    static final int MAX_NAME = 100;
    /** Characters of a name or a value that are shown. */
    static final int MAX_SHOWN = 80;

    private static final Set<Byte> CONTROL = Set.of(
            Character.CONTROL, Character.SURROGATE, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR);
    private static final Set<Byte> INVISIBLE = Set.of(
            Character.FORMAT, Character.PRIVATE_USE, Character.UNASSIGNED, Character.SPACE_SEPARATOR);

    private Text() {}

    /** A text without control characters, shortened. */
    static String clean(String text) {
        StringBuilder shown = new StringBuilder();
        int[] letters = text.codePoints().limit(MAX_SHOWN + 1).toArray();
        for (int index = 0; index < Math.min(letters.length, MAX_SHOWN); index++) {
            shown.appendCodePoint(isPrintable(letters[index]) ? letters[index] : '?');
        }
        return letters.length > MAX_SHOWN ? shown + "..." : shown.toString();
    }

    /** Whether a text has characters that steer a terminal, end or turn round a line, or are halves of a pair. */
    static boolean hasControl(String text) {
        return text.codePoints().anyMatch(Text::isControl);
    }

    /** Whether a text can be a label: short, without control characters. */
    static boolean isName(String text) {
        return !text.isEmpty() && text.codePointCount(0, text.length()) <= MAX_NAME && !hasControl(text);
    }

    private static boolean isPrintable(int letter) {
        return letter == ' ' || (!isControl(letter) && !INVISIBLE.contains((byte) Character.getType(letter)));
    }

    /** Whether a character turns round the order in which the rest of a line is shown. */
    private static boolean turnsRound(int letter) {
        return (letter >= 0x202a && letter <= 0x202e) || (letter >= 0x2066 && letter <= 0x2069);
    }

    private static boolean isControl(int letter) {
        return CONTROL.contains((byte) Character.getType(letter)) || turnsRound(letter);
    }
}
