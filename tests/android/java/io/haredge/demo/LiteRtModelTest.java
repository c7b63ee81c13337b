package io.haredge.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.haredge.demo.core.BadModelException;
import io.haredge.demo.core.Card;
import io.haredge.demo.core.Outputs;
import io.haredge.standins.Phone;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Base64;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models with one output, and with three. */
class LiteRtModelTest {
    private static final float TOLERANCE = 1e-6f;

    @TempDir Path files;

    @BeforeEach
    void startPhone() {
        new Phone(files.toFile());
    }

    @Test
    void theOutputsOfAModelThatTellsPlacesAreThoseOfPython() throws Exception {
        assertSameOutputs("anyplace", TestFiles.placesText("anyplace.json"), TestFiles.placesBytes("anyplace.tflite"));
    }

    @Test
    void theOutputsOfTheAppsModelAreThoseOfPython() throws Exception {
        assertSameOutputs("anywhere", TestFiles.text("anywhere.json"), TestFiles.bytes("anywhere.tflite"));
    }

    private static void assertSameOutputs(String name, String cardText, byte[] content) throws Exception {
        Card card = Card.parse(cardText);
        JSONArray windows = new JSONObject(TestFiles.placesText(name + "-outputs.json")).getJSONArray("windows");
        Outputs outputs = new Outputs(card);
        try (LiteRtModel model = new LiteRtModel(content, card)) {
            for (int index = 0; index < windows.length(); index++) {
                JSONObject window = windows.getJSONObject(index);
                model.run(imu(window.getString("imu")), outputs);
                assertNumbers(window.getJSONArray("probabilities"), outputs.probabilities, 0);
                assertNumbers(window.getJSONArray("places"), outputs.places, 0);
                for (int place = 0; place < card.placeCount(); place++) {
                    JSONArray row = window.getJSONArray("by_place").getJSONArray(place);
                    assertNumbers(row, outputs.byPlace, place * card.classes());
                }
            }
        }
        assertEquals(8, windows.length());
    }

    @Test
    void aModelWithoutTheOutputsOfItsCardIsRefused() throws Exception {
        Card places = Card.parse(TestFiles.placesText("anyplace.json"));
        assertEquals("it does not take float32 [1, 50, 6] and give float32 [1, 5] and [1, 3] and [1, 3, 5]",
                refused(TestFiles.bytes("waist.tflite"), places));
        Card waist = Card.parse(TestFiles.text("waist.json"));
        assertEquals("it does not take float32 [1, 50, 6] and give float32 [1, 6]",
                refused(TestFiles.placesBytes("anyplace.tflite"), waist));
    }

    private static String refused(byte[] content, Card card) {
        return assertThrows(BadModelException.class, () -> new LiteRtModel(content, card).close()).getMessage();
    }

    private static void assertNumbers(JSONArray expected, float[] values, int from) throws JSONException {
        for (int index = 0; index < expected.length(); index++) {
            assertEquals(expected.getDouble(index), values[from + index], TOLERANCE);
        }
    }

    private static float[] imu(String base64) {
        ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(base64)).order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[bytes.remaining() / Float.BYTES];
        bytes.asFloatBuffer().get(values);
        return values;
    }
}
