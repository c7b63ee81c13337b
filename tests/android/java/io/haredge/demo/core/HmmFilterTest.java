package io.haredge.demo.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.haredge.demo.TestFiles;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;

/** The filter gives the same results as har_runtime's. */
class HmmFilterTest {
    private static final double TOLERANCE = 1e-12;

    @Test
    void beliefsEqualThoseOfTheGoldenVectorsAlsoAcrossGaps() throws Exception {
        Card card = Card.parse(TestFiles.text("waist.json"));
        for (JSONObject sequence : Vectors.sequences("haredge.vectors")) {
            HmmFilter filter = new HmmFilter(card.smoothing);
            for (JSONObject window : Vectors.objects(sequence, "windows")) {
                double[] expected = Vectors.numbers(window, "belief");
                double[] belief = new double[expected.length];
                filter.step(window.getLong("end_ns"), Vectors.probabilities(window), belief);
                assertArrayEquals(expected, belief, TOLERANCE, sequence.getString("name"));
            }
        }
    }

    @Test
    void oneWindowThatDisagreesDoesNotChangeTheActivity() {
        double[][] transitions = {{0.98, 0.02}, {0.02, 0.98}};
        HmmFilter filter = new HmmFilter(new Smoothing(transitions, new double[] {0.5, 0.5}, 0.5));
        double[] belief = new double[2];
        for (int window = 0; window < 10; window++) {
            filter.step(window * Contract.HOP_NS, new float[] {0.9f, 0.1f}, belief);
        }
        filter.step(10 * Contract.HOP_NS, new float[] {0.1f, 0.9f}, belief);
        assertEquals(1.0, belief[0] + belief[1], TOLERANCE);
        assertEquals(0, belief[0] > belief[1] ? 0 : 1);
    }
}
