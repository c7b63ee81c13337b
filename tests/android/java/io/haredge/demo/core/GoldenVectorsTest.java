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
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The Java core against what har_runtime makes of the same events. */
class GoldenVectorsTest {
    @Test
    void windowsOfTheGoldenVectorsAreEqualToTheLastBit() throws Exception {
        List<Map<String, Object>> cases = Vectors.cases("haredge.vectors");
        assertFalse(cases.isEmpty());
        cases.forEach(Vectors::assertSameWindows);
    }

    @Test
    void windowsAndLossesOfFaultySensorsFrom20To500HzAreEqualToo() throws Exception {
        List<Map<String, Object>> cases = Vectors.cases("haredge.faulty");
        assertFalse(cases.isEmpty());
        cases.forEach(Vectors::assertSameWindows);
    }

    @Test
    void rawEventsGiveTheVeryInt8ProbabilitiesOfPython() throws Exception {
        Card card = Card.parse(TestFiles.text("waist.json"));
        try (NativeLiteRt litert = new NativeLiteRt(TestFiles.direct("waist.tflite"))) {
            for (Map<String, Object> vectors : Vectors.cases("haredge.vectors")) {
                List<float[]> answers = new ArrayList<>();
                Windower windower = new Windower((segment, start, imu) -> answers.add(run(litert, imu)));
                Vectors.feed(vectors, new Resampler(windower));
                List<Map<String, Object>> wanted = Vectors.maps(vectors.get("windows"));
                assertEquals(wanted.size(), answers.size());
                for (int index = 0; index < answers.size(); index++) {
                    assertEquals(card.classes(), answers.get(index).length);
                    String which = vectors.get("name") + ", window " + index;
                    assertArrayEquals(Vectors.probabilities(wanted.get(index)), answers.get(index), 0f, which);
                }
            }
        }
    }

    @Test
    void distancesFromTheTrainingDataAreThoseOfPython() throws Exception {
        Rejector rejector = new Rejector(Card.parse(TestFiles.text("waist.json")).rejection);
        for (Map<String, Object> vectors : Vectors.cases("haredge.vectors")) {
            List<Map<String, Object>> wanted = Vectors.maps(vectors.get("windows"));
            List<Vectors.Cut> cuts = Vectors.cut(vectors);
            for (int index = 0; index < cuts.size(); index++) {
                assertEquals((Double) wanted.get(index).get("distance"), rejector.distance(cuts.get(index).imu), 1e-9);
            }
        }
    }

    @Test
    void recordingsOfTheGoldenEventsAreWrittenForTheReplay() throws Exception {
        for (Map<String, Object> vectors : Vectors.cases("haredge.vectors")) {
            Path path = Path.of(System.getProperty("haredge.out"), vectors.get("name") + ".csv");
            try (CsvRecorder recorder = new CsvRecorder(Files.newOutputStream(path))) {
                Vectors.record(vectors, recorder);
            }
            assertTrue(Files.size(path) > 0);
        }
    }

    private static float[] run(NativeLiteRt litert, float[] imu) {
        ByteBuffer in = ByteBuffer.allocateDirect(4 * imu.length).order(ByteOrder.nativeOrder());
        in.asFloatBuffer().put(imu);
        float[] probabilities = new float[litert.outputShape()[1]];
        ByteBuffer out = ByteBuffer.allocateDirect(4 * probabilities.length).order(ByteOrder.nativeOrder());
        litert.run(in, out);
        out.asFloatBuffer().get(probabilities);
        return probabilities;
    }
}
