package io.haredge.demo.core;

import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;
import org.json.JSONTokener;

/**
 * JSON of cards and profiles, and its values, of exactly the type that is asked for.
 *
 * <p>The getters of org.json would make a string of a number, and the reverse. Those of this class throw
 * IllegalArgumentException with the name of what is missing or of another type.
 */
final class Json {
    private Json() {}

    /**
     * Reads a text as one JSON object.
     *
     * @throws IllegalArgumentException the text is not a JSON object
     */
    static JSONObject read(String text) {
        JSONTokener tokener = new JSONTokener(text);
        try {
            Object value = tokener.nextValue();
            if (value instanceof JSONObject && tokener.nextClean() == 0) {
                return (JSONObject) value;
            }
            throw new IllegalArgumentException("not one JSON object");
        } catch (JSONException | NumberFormatException error) { // The latter only from older versions of Android.
            // org.json quotes the whole text after the position.
            String why = error.getMessage().replaceFirst("(?s)( at character \\d+).*", "$1");
            throw new IllegalArgumentException(Text.clean(why), error);
        } catch (StackOverflowError error) { // org.json reads recursively and does not limit the depth.
            throw new IllegalArgumentException("nested too deeply", error);
        }
    }

    static <T> T entry(JSONObject table, String name, Class<T> type) {
        return typed(table.opt(name), name, type);
    }

    /** Null if the entry is missing or null. */
    static <T> T optional(JSONObject table, String name, Class<T> type) {
        return table.isNull(name) ? null : entry(table, name, type);
    }

    /** @param fallback for a missing entry; null does not count as missing */
    static String string(JSONObject table, String name, String fallback) {
        return table.has(name) ? entry(table, name, String.class) : fallback;
    }

    static double number(JSONObject table, String name) {
        return number(table.opt(name), name);
    }

    /** A whole number that was written without a point. */
    static long whole(JSONObject table, String name) {
        Object value = table.opt(name);
        if (!(value instanceof Integer) && !(value instanceof Long)) {
            throw new IllegalArgumentException(value == null ? "no " + name : name + " is not a whole number");
        }
        return ((Number) value).longValue();
    }

    static double[] numbers(JSONObject table, String name) {
        return numbers(table.opt(name), name);
    }

    static double[][] rows(JSONObject table, String name) {
        JSONArray array = entry(table, name, JSONArray.class);
        double[][] rows = new double[array.length()][];
        for (int row = 0; row < rows.length; row++) {
            rows[row] = numbers(array.opt(row), name);
        }
        return rows;
    }

    static String[] strings(JSONObject table, String name) {
        JSONArray array = entry(table, name, JSONArray.class);
        String[] strings = new String[array.length()];
        for (int index = 0; index < strings.length; index++) {
            strings[index] = typed(array.opt(index), name, String.class);
        }
        return strings;
    }

    /** A table of an array. */
    static JSONObject item(JSONArray array, int index, String name) {
        return typed(array.opt(index), name, JSONObject.class);
    }

    private static double number(Object value, String name) {
        double number = typed(value, name, Number.class).doubleValue();
        if (!Double.isFinite(number)) {
            throw new IllegalArgumentException(name + " is not finite");
        }
        return number;
    }

    private static double[] numbers(Object values, String name) {
        JSONArray array = typed(values, name, JSONArray.class);
        double[] numbers = new double[array.length()];
        for (int index = 0; index < numbers.length; index++) {
            numbers[index] = number(array.opt(index), name);
        }
        return numbers;
    }

    private static <T> T typed(Object value, String name, Class<T> type) {
        if (!type.isInstance(value)) {
            throw new IllegalArgumentException(value == null ? "no " + name : name + " has the wrong type");
        }
        return type.cast(value);
    }
}
