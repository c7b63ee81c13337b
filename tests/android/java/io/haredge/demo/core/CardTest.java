package io.haredge.demo.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.haredge.demo.TestFiles;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class CardTest {
    @Test
    void theShippedCardIsReadAndItsFileIsItsOwn() throws Exception {
        Card card = Card.parse(TestFiles.text("waist.json"));
        assertEquals("waist", card.name);
        assertEquals("waist", card.placement);
        assertEquals(6, card.classes());
        assertEquals("walking", card.label(0));
        assertTrue(card.macroF1 > 0.9 && card.macroF1 < 1);
        assertEquals(6, card.unseenPeople);
        card.checkFile(TestFiles.bytes("waist.tflite"));
    }

    @Test
    void aFileThatIsCutOffIsNotTheCards() throws Exception {
        Card card = Card.parse(TestFiles.text("waist.json"));
        byte[] whole = TestFiles.bytes("waist.tflite");
        String said = refused(() -> card.checkFile(Arrays.copyOf(whole, whole.length / 2)));
        assertTrue(said.contains("cut off"), said);
    }

    @Test
    void aCardOfOtherInputIsRefusedByName() throws Exception {
        String text = TestFiles.text("waist.json");
        String faster = text.replace("\"sample_rate_hz\": 50", "\"sample_rate_hz\": 100");
        assertTrue(refusal(faster).contains("sample_rate_hz 100"));
        assertTrue(refusal(text.replace("\"window\": 50", "\"window\": 128")).contains("window 128"));
        assertTrue(refusal(text.replace("\"hop\": 25", "\"hop\": 64")).contains("hop 64"));
        assertTrue(refusal(text.replaceFirst("\"m/s\\^2\"", "\"g\"")).contains("units [g"));
        assertTrue(refusal(text.replace("\"frame\": \"android\"", "\"frame\": \"ios\"")).contains("frame ios"));
        assertTrue(refusal(text.replace("\"quantised_ends\": null", "\"quantised_ends\": {}")).contains("int8 input"));
        assertTrue(refusal(text.replace("\"stairs_up\"", "\"walking\"")).contains("labels"));
    }

    @Test
    void aCardThatIsDamagedIsRefusedInOneLine() throws Exception {
        String text = TestFiles.text("waist.json");
        for (int length = 0; length < text.length() - 2; length += 41) {
            String said = refusal(text.substring(0, length));
            assertEquals(1, said.lines().count(), said);
        }
        assertTrue(refusal("{}").contains("no model card"));
        assertTrue(refusal("[1, 2]").contains("damaged"));
        assertTrue(refusal(text.replace("\"name\": \"waist\"", "\"name\": 3")).contains("damaged"));
        assertTrue(refusal(text.replace("\"never_seen\"", "\"seen\"")).contains("no never_seen"));
    }

    private static String refusal(String text) {
        return refused(() -> Card.parse(text));
    }

    private static String refused(org.junit.jupiter.api.function.Executable action) {
        return assertThrows(BadModelException.class, action).getMessage();
    }
}
