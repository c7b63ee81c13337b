package io.haredge.demo.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.haredge.demo.TestFiles;
import io.haredge.litert.NativeLiteRt;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;

/** The Java core gives the same results as har_runtime for the same events. */
class GoldenVectorsTest {
    @Test
    void windowsOfTheGoldenVectorsAreEqualToTheLastBit() throws Exception {
        assertSameWindows("haredge.vectors");
    }

    @Test
    void windowsAndCountsOfFaultySensorsFrom20To500HzAreEqualToo() throws Exception {
        assertSameWindows("haredge.faulty");
    }

    @Test
    void whichWayIsUpIsFoundAndWindowsAreTurnedAsInPython() throws Exception {
        for (JSONObject vectors : Vectors.uprightCases("haredge.vectors")) {
            List<JSONObject> expected = Vectors.objects(vectors, "windows");
            List<Vectors.Cut> cuts = Vectors.cutUpright(vectors);
            assertEquals(expected.size(), cuts.size(), vectors.getString("name"));
            for (int index = 0; index < cuts.size(); index++) {
                JSONObject window = expected.get(index);
                Vectors.Cut cut = cuts.get(index);
                String message = vectors.getString("name") + ", window " + index;
                assertEquals(window.getInt("segment"), cut.segment, message);
                assertEquals(window.getLong("start_ns"), cut.startNs, message);
                assertEquals(window.getString("found"), cut.up.found.name().toLowerCase(Locale.ROOT), message);
                double[] up = {cut.up.x, cut.up.y, cut.up.z};
                assertArrayEquals(Vectors.numbers(window, "up"), up, 1e-12, message);
                assertEqualButForTheLastBit(Vectors.floats(window.getString("imu")), cut.imu, message);
            }
        }
    }

    @Test
    void stepsAndCadenceAreTheSameAsInPython() throws Exception {
        for (JSONObject vectors : Vectors.stepCases("haredge.vectors")) {
            List<JSONObject> segments = Vectors.objects(vectors, "segments");
            StepCounter counter = new StepCounter();
            for (JSONObject window : Vectors.objects(vectors, "windows")) {
                JSONObject segment = segments.get(window.getInt("segment"));
                long startNs = window.getLong("start_ns");
                int first = (int) ((startNs - segment.getLong("start_ns")) / Contract.PERIOD_NS);
                float[] acc = Vectors.milli(segment.getString("acc"));
                float[] imu = new float[Contract.WINDOW * Contract.CHANNEL_COUNT];
                for (int index = 0; index < Contract.WINDOW; index++) {
                    System.arraycopy(acc, 3 * (first + index), imu, Contract.CHANNEL_COUNT * index, 3);
                }
                String message = vectors.getString("name") + ", window at " + startNs;
                int steps = counter.step(window.getInt("segment"), startNs, imu);
                assertEquals(window.getInt("steps"), steps, message);
                if (window.isNull("cadence")) {
                    assertTrue(Double.isNaN(counter.cadence()), message);
                } else {
                    assertEquals(window.getDouble("cadence"), counter.cadence(), 1e-7, message);
                }
            }
        }
    }

    @Test
    void rawEventsGiveTheSameInt8ProbabilitiesAsInPython() throws Exception {
        Card card = Card.parse(TestFiles.text("waist.json"));
        try (NativeLiteRt litert = new NativeLiteRt(TestFiles.direct("waist.tflite"))) {
            for (JSONObject vectors : Vectors.cases("haredge.vectors")) {
                List<float[]> answers = new ArrayList<>();
                Windower windower = new Windower((segment, start, imu) -> answers.add(run(litert, imu)));
                Vectors.feed(vectors, new Resampler(windower::push));
                List<JSONObject> expected = Vectors.objects(vectors, "windows");
                assertEquals(expected.size(), answers.size());
                for (int index = 0; index < answers.size(); index++) {
                    assertEquals(card.classes(), answers.get(index).length);
                    String message = vectors.getString("name") + ", window " + index;
                    assertArrayEquals(Vectors.probabilities(expected.get(index)), answers.get(index), 0f, message);
                }
            }
        }
    }

    @Test
    void distancesFromTheTrainingDataAreTheSameAsInPython() throws Exception {
        Rejector rejector = new Rejector(Card.parse(TestFiles.text("waist.json")).rejection, false);
        for (JSONObject vectors : Vectors.cases("haredge.vectors")) {
            List<JSONObject> expected = Vectors.objects(vectors, "windows");
            List<Vectors.Cut> cuts = Vectors.cut(vectors);
            for (int index = 0; index < cuts.size(); index++) {
                double distance = rejector.distance(cuts.get(index).imu);
                assertEquals(expected.get(index).getDouble("distance"), distance, 1e-9);
            }
        }
    }

    @Test
    void recordingsOfTheGoldenEventsAreWrittenForTheReplay() throws Exception {
        List<JSONObject> all = Vectors.cases("haredge.vectors");
        all.addAll(Vectors.uprightCases("haredge.vectors"));
        for (JSONObject vectors : all) {
            Path path = Path.of(System.getProperty("haredge.out"), vectors.getString("name") + ".csv");
            try (CsvRecorder recorder = new CsvRecorder(Files.newOutputStream(path))) {
                Vectors.record(vectors, recorder);
            }
            assertTrue(Files.size(path) > 0);
        }
    }

    /** Sums in float64 depend on the order of addition, and so may a float32 that lies between two others. */
    private static void assertEqualButForTheLastBit(float[] expected, float[] values, String message) {
        assertEquals(expected.length, values.length, message);
        for (int index = 0; index < values.length; index++) {
            float tolerance = Math.max(Math.ulp(expected[index]), 1e-9f);
            assertEquals(expected[index], values[index], tolerance, message + ", value " + index);
        }
    }

    private static void assertSameWindows(String property) throws Exception {
        List<JSONObject> cases = Vectors.cases(property);
        assertFalse(cases.isEmpty());
        for (JSONObject vectors : cases) {
            Vectors.assertSameWindows(vectors);
        }
    }

    private static float[] run(NativeLiteRt litert, float[] imu) {
        ByteBuffer in = ByteBuffer.allocateDirect(4 * imu.length).order(ByteOrder.nativeOrder());
        in.asFloatBuffer().put(imu);
        float[] probabilities = new float[litert.outputShape(0)[1]];
        ByteBuffer out = ByteBuffer.allocateDirect(4 * probabilities.length).order(ByteOrder.nativeOrder());
        litert.run(in, out);
        out.asFloatBuffer().get(probabilities);
        return probabilities;
    }
}
