package io.haredge.demo.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.haredge.demo.TestFiles;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** When an activity is unknown, and why. */
class AnsweringTest {
    private static final double[] STANDING = {9.77, -1.68, -0.38, 0.008, -0.001, 0.001};
    private static final int TEN_MINUTES = 1200;

    private final Random random = new Random(1);
    private long endNs;

    @Test
    void aPhoneOnATableCountsAsNotWornAfterTenMinutesUntilItMoves() throws Exception {
        Card card = Card.parse(TestFiles.text("waist.json"));
        Answering answering = new Answering(card);
        Answer answer = new Answer(card.classes());
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
        Answering answering = new Answering(card);
        Answer answer = new Answer(card.classes());
        step(answering, answer, 1, 1);
        assertNull(answer.reason);
        assertEquals(4, answer.activity);
        assertEquals(0.9, answer.confidence, 1e-6);
    }

    private void step(Answering answering, Answer answer, double accSpread, double gyroSpread) {
        for (int label = 0; label < answer.windowProbabilities.length; label++) {
            answer.windowProbabilities[label] = label == 4 ? 0.9f : 0.02f;
        }
        answering.step(answer, window(accSpread, gyroSpread, 0), next());
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
