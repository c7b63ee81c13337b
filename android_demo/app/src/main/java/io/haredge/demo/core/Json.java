package io.haredge.demo.core;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads JSON (RFC 8259) into maps, lists, strings, doubles, booleans and nulls.
 *
 * <p>A reader of its own, since the core uses nothing of Android, whose org.json no other Java has.
 */
public final class Json {
    private static final int MAX_DEPTH = 64;

    private final String text;
    private int at;
    private int depth;

    private Json(String text) {
        this.text = text;
    }

    /**
     * The value of a text.
     *
     * @throws IllegalArgumentException it is not JSON; the message says where
     */
    public static Object parse(String text) {
        Json reader = new Json(text);
        Object value = reader.value();
        reader.skipSpace();
        if (reader.at < text.length()) {
            throw reader.wrong("more after the end");
        }
        return value;
    }

    /** A text as a JSON string, with its quotes. */
    public static String quote(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (int index = 0; index < text.length(); index++) {
            char letter = text.charAt(index);
            if (letter == '"' || letter == '\\') {
                out.append('\\').append(letter);
            } else if (letter < ' ') {
                out.append(String.format("\\u%04x", (int) letter));
            } else {
                out.append(letter);
            }
        }
        return out.append('"').toString();
    }

    private Object value() {
        skipSpace();
        switch (peek()) {
            case '{':
                return object();
            case '[':
                return array();
            case '"':
                return string();
            case 't':
                return word("true", Boolean.TRUE);
            case 'f':
                return word("false", Boolean.FALSE);
            case 'n':
                return word("null", null);
            default:
                return number();
        }
    }

    private Map<String, Object> object() {
        Map<String, Object> entries = new LinkedHashMap<>();
        open();
        skipSpace();
        while (peek() != '}') {
            skipSpace();
            String key = string();
            skipSpace();
            take(':');
            entries.put(key, value());
            skipSpace();
            if (peek() != '}') {
                take(',');
                skipSpace();
                if (peek() == '}') {
                    throw wrong("a comma before }");
                }
            }
        }
        close();
        return entries;
    }

    private List<Object> array() {
        List<Object> entries = new ArrayList<>();
        open();
        skipSpace();
        while (peek() != ']') {
            entries.add(value());
            skipSpace();
            if (peek() != ']') {
                take(',');
                skipSpace();
                if (peek() == ']') {
                    throw wrong("a comma before ]");
                }
            }
        }
        close();
        return entries;
    }

    private void open() {
        at++;
        if (++depth > MAX_DEPTH) {
            throw wrong("nested too deeply");
        }
    }

    private void close() {
        at++;
        depth--;
    }

    private String string() {
        take('"');
        StringBuilder out = new StringBuilder();
        while (peek() != '"') {
            char letter = text.charAt(at++);
            if (letter < ' ') {
                throw wrong("a control character in a string");
            }
            out.append(letter == '\\' ? escaped() : letter);
        }
        at++;
        return out.toString();
    }

    private char escaped() {
        char letter = peek();
        at++;
        switch (letter) {
            case '"':
            case '\\':
            case '/':
                return letter;
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u':
                if (at + 4 > text.length() || !text.substring(at, at + 4).matches("[0-9a-fA-F]{4}")) {
                    throw wrong("an escape that is none");
                }
                at += 4;
                return (char) Integer.parseInt(text.substring(at - 4, at), 16);
            default:
                throw wrong("an escape that is none");
        }
    }

    private Double number() {
        int start = at;
        while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        String digits = text.substring(start, at);
        if (!digits.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) {
            throw wrong("a value that is none");
        }
        return Double.valueOf(digits);
    }

    private Object word(String letters, Object value) {
        if (!text.startsWith(letters, at)) {
            throw wrong("a value that is none");
        }
        at += letters.length();
        return value;
    }

    private void skipSpace() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private char peek() {
        if (at >= text.length()) {
            throw wrong("cut off");
        }
        return text.charAt(at);
    }

    private void take(char wanted) {
        if (peek() != wanted) {
            throw wrong("no " + wanted + " where one belongs");
        }
        at++;
    }

    private IllegalArgumentException wrong(String what) {
        return new IllegalArgumentException(what + ", at character " + at);
    }
}
