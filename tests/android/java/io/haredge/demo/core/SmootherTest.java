package io.haredge.demo.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.haredge.demo.TestFiles;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The filter against the same filter in numpy, and what the core makes of it. */
class SmootherTest {
    private static final double TOLERANCE = 1e-12;

    @Test
    void beliefsAreThoseOfNumpyGapsIncluded() throws Exception {
        byte[] content = Files.readAllBytes(Path.of(System.getProperty("haredge.smoothing")));
        Map<String, Object> reference = Vectors.asMap(Json.parse(new String(content, StandardCharsets.UTF_8)));
        Smoother smoother = new Smoother(
                new Card.Smoothing(table(reference.get("transitions")), row(reference.get("prior")), (Double) reference.get("evidence")));
        for (Map<String, Object> window : Vectors.maps(reference.get("windows"))) {
            double[] wanted = row(window.get("belief"));
            double[] belief = new double[wanted.length];
            smoother.take(((Double) window.get("end_ns")).longValue(), Vectors.probabilities(window), belief);
            assertArrayEquals(wanted, belief, TOLERANCE);
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

    private static double[][] table(Object value) {
        return ((List<?>) value).stream().map(SmootherTest::row).toArray(double[][]::new);
    }

    private static double[] row(Object value) {
        return ((List<?>) value).stream().mapToDouble(entry -> (Double) entry).toArray();
    }
}
