package io.haredge.demo.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.haredge.demo.TestFiles;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** From events to answers, with a model of the upright frame that tells places. */
class RecognizerTest {
    private static final long PERIOD_NS = 20_000_000L;
    private static final double[] UP = {0.48, -0.6, 0.64};

    private final List<float[]> windows = new ArrayList<>();
    private final List<String> activities = new ArrayList<>();
    private final List<Up> ups = new ArrayList<>();
    private final Recognizer.Options options = new Recognizer.Options();
    private long timeNs = 1_000_000_000L;

    @Test
    void theModelGetsWindowsWithTheWearersUpAlongZ() throws Exception {
        Recognizer recognizer = recognizer();
        walk(recognizer, UP, 8);
        assertFalse(ups.get(0).showsPosture());
        assertEquals(Up.Found.GAIT, ups.get(ups.size() - 1).found);
        lie(recognizer, new double[] {0.8, 0.0, -0.6}, 3); // A quarter turn from up.
        float[] last = windows.get(windows.size() - 1);
        assertEquals(0, last[2], 0.01f);
        assertEquals(9.8, Math.hypot(last[0], last[1]), 0.01);
    }

    @Test
    void postureIsAFamilyUntilTheWearerHasWalked() throws Exception {
        Recognizer recognizer = recognizer();
        lie(recognizer, UP, 4);
        assertEquals("still", activities.get(activities.size() - 1));
        walk(recognizer, UP, 8);
        assertEquals("walking", activities.get(activities.size() - 1));
        lie(recognizer, new double[] {0.8, 0.0, -0.6}, 8);
        assertEquals("lying", activities.get(activities.size() - 1));
    }

    @Test
    void aDirectionThatIsGivenHoldsFromTheFirstWindow() throws Exception {
        options.up = new Up(UP[0], UP[1], UP[2], Up.Found.GIVEN);
        Recognizer recognizer = recognizer();
        lie(recognizer, UP, 4);
        assertEquals("standing", activities.get(activities.size() - 1));
        assertEquals(Up.Found.GIVEN, recognizer.up().found);
    }

    @Test
    void withoutFamiliesAPostureIsUnknownUntilTheWearerHasWalked() throws Exception {
        options.coarse = false;
        lie(recognizer(), UP, 4);
        assertEquals("unknown", activities.get(activities.size() - 1));
    }

    @Test
    void withoutAGyroscopeTheAngularRatesAreZeros() throws Exception {
        options.gyroscope = false;
        Recognizer recognizer = recognizer();
        for (int sample = 0; sample < 200; sample++) {
            timeNs += PERIOD_NS;
            recognizer.pushAccelerometer(timeNs, 0.001 * (sample % 7), 0, 9.8);
        }
        assertTrue(windows.size() > 3);
        for (float[] window : windows) {
            for (int row = 0; row < Contract.WINDOW; row++) {
                for (int channel = 3; channel < Contract.CHANNEL_COUNT; channel++) {
                    assertEquals(0f, window[row * Contract.CHANNEL_COUNT + channel]);
                }
            }
        }
        assertThrows(IllegalStateException.class, () -> recognizer.pushGyroscope(timeNs, 0, 0, 0));
    }

    @Test
    void aModelThatNeedsAGyroscopeIsRefusedWithoutOne() throws Exception {
        options.gyroscope = false;
        Card waist = Card.parse(TestFiles.text("waist.json"));
        String said = refused(waist);
        assertEquals("the model waist needs a gyroscope, and the phone has none", said);
    }

    @Test
    void aPlaceThatTheModelDoesNotKnowIsRefused() throws Exception {
        options.place = "pocket";
        assertEquals("the model waist does not tell places", refused(Card.parse(TestFiles.text("waist.json"))));
        options.place = "ankle";
        assertEquals("the model anyplace knows the places torso, thigh, wrist, not ankle", refused(card()));
    }

    @Test
    void aModelInTheAxesOfThePhoneHasNoUp() throws Exception {
        Card waist = Card.parse(TestFiles.text("waist.json"));
        Recognizer recognizer = new Recognizer(waist, (imu, outputs) -> { }, answer -> ups.add(answer.up));
        walk(recognizer, UP, 8);
        assertTrue(ups.size() > 10);
        assertNull(ups.get(ups.size() - 1));
        assertNull(recognizer.up());
    }

    private String refused(Card card) {
        return assertThrows(BadModelException.class,
                () -> new Recognizer(card, (imu, outputs) -> { }, options, answer -> { })).getMessage();
    }

    private Card card() throws Exception {
        return Card.parse(TestFiles.placesText("anyplace.json"));
    }

    /** With a model that is sure of what its acceleration shows. */
    private Recognizer recognizer() throws Exception {
        Card card = card();
        Model model = (imu, outputs) -> {
            windows.add(imu.clone());
            double spread = Statistics.deviation(imu, 2, Statistics.mean(imu, 2));
            String move = spread > 1 ? "walking" : Statistics.mean(imu, 2) > 7 ? "standing" : "lying";
            for (int label = 0; label < card.classes(); label++) {
                outputs.probabilities[label] = card.label(label).equals(move) ? 0.96f : 0.01f;
                for (int place = 0; place < card.placeCount(); place++) {
                    outputs.byPlace[place * card.classes() + label] = outputs.probabilities[label];
                    outputs.places[place] = place == 1 ? 0.9f : 0.05f;
                }
            }
        };
        return new Recognizer(card, model, options, answer -> {
            activities.add(card.activity(answer.activity));
            ups.add(answer.up);
        });
    }

    private void walk(Recognizer recognizer, double[] up, int seconds) {
        push(recognizer, up, seconds, 3);
    }

    private void lie(Recognizer recognizer, double[] up, int seconds) {
        push(recognizer, up, seconds, 0);
    }

    private void push(Recognizer recognizer, double[] up, int seconds, double bounce) {
        for (int sample = 0; sample < 50 * seconds; sample++) {
            timeNs += PERIOD_NS;
            double length = 9.8 + bounce * Math.sin(2 * Math.PI * 1.8 * sample / 50);
            recognizer.pushAccelerometer(timeNs, length * up[0], length * up[1], length * up[2]);
            recognizer.pushGyroscope(timeNs, 0.1, 0.01 * (sample % 7), 0);
        }
    }
}
