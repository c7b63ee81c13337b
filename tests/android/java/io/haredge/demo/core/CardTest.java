package io.haredge.demo.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.haredge.demo.TestFiles;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class CardTest {
    @Test
    void thePretrainedCardIsReadAndFitsItsFile() throws Exception {
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
    void theCardOfTheAppsModelIsReadAndFitsItsFile() throws Exception {
        Card card = Card.parse(TestFiles.text("anywhere.json"));
        assertTrue(card.isUpright() && card.gyroscopeIsOptional());
        assertEquals(List.of("standing", "sitting", "lying", "walking", "running", "stairs_up", "stairs_down",
                "unknown", "resting", "still", "on_foot"), List.of(card.activityNames()));
        for (String place : List.of("waist", "pocket", "wrist", "chest")) {
            assertTrue(card.knowsPlace(place), place);
        }
        assertFalse(card.knowsPlace("ankle") || Card.parse(TestFiles.text("waist.json")).knowsPlace("waist"));
        card.checkFile(TestFiles.bytes("anywhere.tflite"));
    }

    @Test
    void aModelFileThatIsCutOffIsRefused() throws Exception {
        Card card = Card.parse(TestFiles.text("waist.json"));
        byte[] whole = TestFiles.bytes("waist.tflite");
        String said = refused(() -> card.checkFile(Arrays.copyOf(whole, whole.length / 2)));
        assertTrue(said.contains("cut off"), said);
    }

    @Test
    void aCardWithOtherInputIsRefusedWithTheNameOfWhatDiffers() throws Exception {
        String text = TestFiles.text("waist.json");
        String faster = text.replace("\"sample_rate_hz\": 50", "\"sample_rate_hz\": 100");
        assertTrue(refusal(faster).contains("sample_rate_hz 100"));
        assertTrue(refusal(text.replace("\"window\": 50", "\"window\": 128")).contains("window 128"));
        assertTrue(refusal(text.replace("\"hop\": 25", "\"hop\": 64")).contains("hop 64"));
        assertTrue(refusal(text.replaceFirst("\"m/s\\^2\"", "\"g\"")).contains("units [\"g\",\"m/s^2\""));
        assertTrue(refusal(text.replace("\"frame\": \"android\"", "\"frame\": \"ios\"")).contains("frame ios"));
        assertTrue(refusal(text.replace("\"quantised_ends\": null", "\"quantised_ends\": {}")).contains("int8 input"));
        assertTrue(refusal(text.replace("\"stairs_up\"", "\"walking\"")).contains("labels"));
    }

    @Test
    void aCardOfAnUprightModelThatTellsPlacesIsRead() throws Exception {
        Card card = Card.parse(TestFiles.placesText("anyplace.json"));
        assertTrue(card.isUpright() && card.gyroscopeIsOptional());
        assertEquals(3, card.placeCount());
        assertEquals("thigh", card.place(card.placeIndex("pocket")));
        assertEquals("torso", card.place(card.placeIndex("chest")));
        assertEquals("wrist", card.place(card.placeIndex("wrist")));
        assertEquals(List.of("walking", "sitting", "standing", "lying", "unknown", "resting", "still"),
                List.of(card.activityNames()));
        assertEquals("unknown", card.activity(Answer.UNKNOWN));
        assertTrue(card.isUnknown(4) && !card.isUnknown(6));
        Card waist = Card.parse(TestFiles.text("waist.json"));
        assertTrue(!waist.isUpright() && !waist.gyroscopeIsOptional());
        assertEquals(0, waist.placeCount());
        assertEquals(6, waist.activities());
    }

    @Test
    void framePlacesGyroscopeAndFamiliesThatDoNotFitAreRefused() throws Exception {
        String text = TestFiles.placesText("anyplace.json");
        assertTrue(refusal(text.replace("\"upright\"", "\"ground\"")).contains("frame ground"));
        assertTrue(refusal(text.replace("\"optional\"", "\"rare\"")).contains("gyroscope rare"));
        assertTrue(refusal(text.replace("\"thigh\"", "\"ankle\"")).contains("places"));
        assertTrue(refusal(text.replace("\"thigh\"", "\"torso\"")).contains("places"));
        assertTrue(refusal(text.replace("\"place_filter\"", "\"filter\"")).contains("places"));
        assertTrue(refusal(text.replace("\"change\": 0.001", "\"change\": 1.5")).contains("place_filter"));
        assertTrue(refusal(text.replace("\"resting\"", "\"walking\"")).contains("family walking"));
        assertTrue(refusal(text.replaceAll("(?s)\"resting\": \\[.*?\\]", "\"resting\": [\"lying\"]"))
                .contains("family resting"));
        assertTrue(refusal(text.replaceAll("(?s)\"resting\": \\[.*?\\]", "\"resting\": [\"lying\", \"idle\"]"))
                .contains("family resting"));
    }

    @Test
    void aCardThatIsCutOffIsRefused() throws Exception {
        String text = TestFiles.text("waist.json");
        for (int length = 0; length < text.length() - 2; length += 41) {
            refusal(text.substring(0, length));
        }
    }

    @Test
    void aCardThatIsNotOneJsonObjectIsRefused() throws Exception {
        String text = TestFiles.text("waist.json");
        for (String damaged : List.of("", "[1, 2]", "3", "nul", text + text, text + "]", "{\"a\": \"\\x\"",
                "{\"a\": \"\\u00g0\"}", "{\"a\" 1}", "{\"a\": NaN}")) {
            assertTrue(refusal(damaged).contains("damaged"), damaged);
        }
    }

    @Test
    void aCardThatIsNestedTooDeeplyIsRefused() {
        for (String open : List.of("[", "{\"a\":")) {
            assertTrue(refusal(open.repeat(200_000)).contains("nested too deeply"));
        }
    }

    @Test
    void missingAndWrongValuesAreRefusedByName() throws Exception {
        String text = TestFiles.text("waist.json");
        assertTrue(refusal("{}").contains("no model card"));
        assertTrue(refusal(text.replace("\"never_seen\"", "\"seen\"")).contains("no never_seen"));
        assertTrue(refusal(text.replace("\"name\": \"waist\"", "\"name\": 3")).contains("name has the wrong type"));
        assertTrue(refusal(text.replace("\"name\": \"waist\"", "\"name\": null")).contains("name has the wrong type"));
        assertTrue(refusal(text.replace("\"hop\": 25", "\"hop\": \"25\"")).contains("hop 25"));
        assertTrue(refusal(text.replace("\"means\": [", "\"means\": [[1e999],")).contains("means is not finite"));
        assertTrue(refusal(text.replace("\"prior\": [", "\"prior\": [0,")).contains("smoothing does not fit"));
    }

    @Test
    void ofAKeyThatRepeatsTheLastValueCountsAsInPython() throws Exception {
        String text = TestFiles.text("waist.json");
        assertEquals("b", Card.parse(text.replace("\"name\": \"waist\"", "\"name\": \"a\", \"name\": \"b\"")).name);
        assertTrue(refusal(text.replace("\"hop\": 25", "\"hop\": 25, \"hop\": 64")).contains("hop 64"));
    }

    private static String refusal(String text) {
        String message = refused(() -> Card.parse(text));
        assertEquals(1, message.lines().count(), message);
        assertTrue(message.length() < 200, message);
        return message;
    }

    private static String refused(org.junit.jupiter.api.function.Executable action) {
        return assertThrows(BadModelException.class, action).getMessage();
    }
}
