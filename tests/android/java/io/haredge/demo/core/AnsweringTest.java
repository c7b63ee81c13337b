package io.haredge.demo.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.haredge.demo.TestFiles;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.json.JSONException;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;

/** When an activity is unknown, and why. */
class AnsweringTest {
    private static final double[] STANDING = {9.77, -1.68, -0.38, 0.008, -0.001, 0.001};
    private static final int TEN_MINUTES = 1200;
    private static final double TOLERANCE = 1e-9;

    private final Random random = new Random(1);
    private long endNs;

    @Test
    void answersEqualThoseOfTheGoldenVectorsInActivityFamilyPlaceAndReason() throws Exception {
        JSONObject vectors = Vectors.answers("haredge.vectors");
        List<float[]> windows = new ArrayList<>();
        for (JSONObject window : Vectors.objects(vectors, "windows")) {
            windows.add(Vectors.floats(window.getString("imu")));
        }
        for (JSONObject sequence : Vectors.objects(vectors, "cases")) {
            Card card = Card.parse(cardOf(vectors, sequence).toString());
            int place = sequence.isNull("place") ? Answer.NO_PLACE : card.placeIndex(sequence.getString("place"));
            Answering answering = new Answering(card, place, sequence.getBoolean("coarse"));
            Answer answer = new Answer(card);
            int index = 0;
            for (JSONObject window : Vectors.objects(sequence, "windows")) {
                String message = sequence.getString("name") + ", window " + index++;
                fill(answer, window);
                float[] imu = windows.get(window.getInt("window"));
                answering.step(answer, imu, imu, 0, window.getLong("end_ns") - (Contract.WINDOW - 1) * Contract.PERIOD_NS);
                assertEquals(window.getString("activity"), card.activity(answer.activity), message);
                assertEquals(window.isNull("reason") ? null : window.getString("reason"),
                        words(answer.reason), message);
                assertEquals(window.isNull("place") ? null : window.getString("place"),
                        answer.place == Answer.NO_PLACE ? null : card.place(answer.place), message);
                assertEquals(window.getDouble("confidence"), answer.confidence, TOLERANCE, message);
                assertArrayEquals(Vectors.numbers(window, "belief"), answer.probabilities, TOLERANCE, message);
            }
        }
    }

    @Test
    void distancesInTheUprightFrameAreThoseOfPython() throws Exception {
        JSONObject vectors = Vectors.answers("haredge.vectors");
        Card card = Card.parse(vectors.getJSONObject("card").toString());
        assertTrue(card.isUpright());
        Rejector rejector = new Rejector(card.rejection, true);
        for (JSONObject window : Vectors.objects(vectors, "windows")) {
            double distance = rejector.distance(Vectors.floats(window.getString("imu")));
            assertEquals(window.getDouble("distance"), distance, TOLERANCE);
        }
    }

    /** The card of a case: without transitions or thresholds if the case says so. */
    private static JSONObject cardOf(JSONObject vectors, JSONObject sequence) throws JSONException {
        JSONObject card = new JSONObject(vectors.getJSONObject("card").toString());
        if (!sequence.getBoolean("smoothed")) {
            card.put("smoothing", JSONObject.NULL);
        }
        if (!sequence.getBoolean("thresholds")) {
            card.put("rejection", JSONObject.NULL);
        }
        return card;
    }

    private static void fill(Answer answer, JSONObject window) throws JSONException {
        float[] places = Vectors.float32(Vectors.numbers(window, "places"));
        float[] byPlace = Vectors.rows(window, "by_place");
        System.arraycopy(Vectors.probabilities(window), 0, answer.windowProbabilities, 0, answer.probabilities.length);
        System.arraycopy(places, 0, answer.outputs.places, 0, places.length);
        System.arraycopy(byPlace, 0, answer.outputs.byPlace, 0, byPlace.length);
        answer.up = new Up(0, 0, 1, Up.Found.valueOf(window.getString("found").toUpperCase(Locale.ROOT)));
    }

    private static String words(Reason reason) {
        return reason == null ? null : reason.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    @Test
    void aPhoneOnATableCountsAsNotWornAfterTenMinutesUntilItMoves() throws Exception {
        Card card = Card.parse(TestFiles.text("waist.json"));
        Answering answering = new Answering(card, Answer.NO_PLACE, true);
        Answer answer = new Answer(card);
        for (int window = 0; window < TEN_MINUTES - 1; window++) {
            step(answering, answer, 0.02, 0.001);
            assertNotEquals(Reason.NOT_WORN, answer.reason);
        }
        step(answering, answer, 0.02, 0.001);
        assertEquals(Reason.NOT_WORN, answer.reason);
        assertEquals(Answer.UNKNOWN, answer.activity);
        step(answering, answer, 0.5, 0.3);
        assertNotEquals(Reason.NOT_WORN, answer.reason);
    }

    @Test
    void aTiltOrAGapRestartsTheTenMinutes() {
        WornDetector worn = new WornDetector();
        for (int window = 0; window < TEN_MINUTES - 1; window++) {
            worn.step(window(0.02, 0.001, 0), next());
        }
        assertEquals(true, worn.step(window(0.02, 0.001, 0.2), next()));
        for (int window = 0; window < TEN_MINUTES - 2; window++) {
            assertEquals(true, worn.step(window(0.02, 0.001, 0.2), next()));
        }
        endNs += 6_000_000_000L;
        assertEquals(true, worn.step(window(0.02, 0.001, 0.2), next()));
    }

    @Test
    void withoutSmoothingAndRejectionTheLikeliestActivityIsTheAnswer() throws Exception {
        String text = TestFiles.text("waist.json")
                .replace("\"smoothing\"", "\"other\"").replace("\"rejection\"", "\"others\"");
        Card card = Card.parse(text);
        Answering answering = new Answering(card, Answer.NO_PLACE, true);
        Answer answer = new Answer(card);
        step(answering, answer, 1, 1);
        assertNull(answer.reason);
        assertEquals(4, answer.activity);
        assertEquals(0.9, answer.confidence, 1e-6);
    }

    private void step(Answering answering, Answer answer, double accSpread, double gyroSpread) {
        for (int label = 0; label < answer.windowProbabilities.length; label++) {
            answer.windowProbabilities[label] = label == 4 ? 0.9f : 0.02f;
        }
        float[] imu = window(accSpread, gyroSpread, 0);
        answering.step(answer, imu, imu, 0, next() - (Contract.WINDOW - 1) * Contract.PERIOD_NS);
    }

    private long next() {
        endNs += Contract.HOP_NS;
        return endNs;
    }

    private float[] window(double accSpread, double gyroSpread, double tilt) {
        float[] imu = new float[Contract.WINDOW * Contract.CHANNEL_COUNT];
        for (int index = 0; index < imu.length; index++) {
            int channel = index % Contract.CHANNEL_COUNT;
            double spread = channel < 3 ? accSpread : gyroSpread;
            imu[index] = (float) (STANDING[channel] + (channel == 2 ? tilt : 0) + spread * random.nextGaussian());
        }
        return imu;
    }
}
