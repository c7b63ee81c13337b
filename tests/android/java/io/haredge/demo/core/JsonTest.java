package io.haredge.demo.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {
    @Test
    void everyKindOfValueIsRead() {
        String text = " {\"a\": [1, -2.5e-3, true, false, null], \"\\u00e9\\n\": \"x\\\"\\\\\", \"o\": {}} ";
        Map<?, ?> read = (Map<?, ?>) Json.parse(text);
        assertEquals(Arrays.asList(1.0, -0.0025, true, false, null), read.get("a"));
        assertEquals("x\"\\", read.get("\u00e9\n"));
        assertEquals(Map.of(), read.get("o"));
    }

    @Test
    void whatIsQuotedIsReadBack() {
        String text = "tab\t, quote\", back\\slash, \u00b5s";
        assertEquals(text, Json.parse(Json.quote(text)));
    }

    @Test
    void whatIsNotJsonIsRefused() {
        List<String> wrong = List.of("", "{", "[1,]", "{\"a\":1,}", "{a:1}", "01", "1.", "nul", "\"\\x\"",
                "\"\\u00g0\"",
                "\"a", "[1 2]", "{} {}", "+1", "NaN", "\"\n\"", "[".repeat(100_000));
        for (String text : wrong) {
            assertThrows(IllegalArgumentException.class, () -> Json.parse(text), text);
        }
    }
}
