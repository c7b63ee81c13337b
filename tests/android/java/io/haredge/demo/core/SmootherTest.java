package io.haredge.demo.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.haredge.demo.TestFiles;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The filter against har_runtime's. */
class SmootherTest {
    private static final double TOLERANCE = 1e-12;

    @Test
    void beliefsAreThoseOfTheGoldenVectorsGapsIncluded() throws Exception {
        Card card = Card.parse(TestFiles.text("waist.json"));
        for (Map<String, Object> sequence : Vectors.sequences("haredge.vectors")) {
            Smoother smoother = new Smoother(card.smoothing);
            for (Map<String, Object> window : Vectors.maps(sequence.get("windows"))) {
                List<?> values = (List<?>) window.get("belief");
                double[] wanted = values.stream().mapToDouble(value -> (Double) value).toArray();
                double[] belief = new double[wanted.length];
                smoother.take(((Double) window.get("end_ns")).longValue(), Vectors.probabilities(window), belief);
                assertArrayEquals(wanted, belief, TOLERANCE, (String) sequence.get("name"));
            }
        }
    }

    @Test
    void oneWindowThatDisagreesChangesNothing() {
        double[][] transitions = {{0.98, 0.02}, {0.02, 0.98}};
        Smoother smoother = new Smoother(new Card.Smoothing(transitions, new double[] {0.5, 0.5}, 0.5));
        double[] belief = new double[2];
        for (int window = 0; window < 10; window++) {
            smoother.take(window * Contract.HOP_NS, new float[] {0.9f, 0.1f}, belief);
        }
        smoother.take(10 * Contract.HOP_NS, new float[] {0.1f, 0.9f}, belief);
        assertEquals(1.0, belief[0] + belief[1], TOLERANCE);
        assertEquals(0, belief[0] > belief[1] ? 0 : 1);
    }
}
