package io.haredge.demo.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** Cases of golden vectors: events, and the windows that har_runtime cuts of them. */
final class Vectors {
    /** A window that was cut. */
    static final class Cut {
        final int segment;
        final long startNs;
        final float[] imu;

        Cut(int segment, long startNs, float[] imu) {
            this.segment = segment;
            this.startNs = startNs;
            this.imu = imu;
        }
    }

    private Vectors() {}

    /** The cases of the file that a system property names. */
    static List<Map<String, Object>> cases(String property) throws IOException {
        return maps(read(property).get("cases"));
    }

    /** The sequences of answers with the smoothing filter's beliefs, of the file that a system property names. */
    static List<Map<String, Object>> sequences(String property) throws IOException {
        return maps(read(property).get("smoothing"));
    }

    private static Map<String, Object> read(String property) throws IOException {
        byte[] content = Files.readAllBytes(Path.of(System.getProperty(property)));
        return asMap(Json.parse(new String(content, StandardCharsets.UTF_8)));
    }

    /** Takes an event. */
    private interface Taker {
        void take(long timeNs, double x, double y, double z) throws IOException;
    }

    /** Feeds the events of a case to a resampler, in their order. */
    static void feed(Map<String, Object> vectors, Resampler resampler) {
        try {
            feed(vectors, resampler::accelerometer, resampler::gyroscope);
        } catch (IOException impossible) {
            throw new AssertionError(impossible);
        }
        resampler.finish();
    }

    /** Records the events of a case, in their order. */
    static void record(Map<String, Object> vectors, CsvRecorder recorder) throws IOException {
        feed(vectors, recorder::accelerometer, recorder::gyroscope);
    }

    private static void feed(Map<String, Object> vectors, Taker accelerometer, Taker gyroscope) throws IOException {
        for (Object row : (List<?>) vectors.get("events")) {
            List<?> event = (List<?>) row;
            double[] value = new double[3];
            for (int axis = 0; axis < 3; axis++) {
                Object cell = event.get(2 + axis);
                value[axis] = cell == null ? Double.NaN : (Double) cell;
            }
            Taker taker = event.get(0).equals("acc") ? accelerometer : gyroscope;
            taker.take(((Double) event.get(1)).longValue(), value[0], value[1], value[2]);
        }
    }

    /** The windows that the Java core cuts of a case; its reports must be those of har_runtime. */
    static List<Cut> cut(Map<String, Object> vectors) {
        List<Cut> cuts = new ArrayList<>();
        Windower windower = new Windower((segment, start, imu) -> cuts.add(new Cut(segment, start, imu.clone())));
        Resampler resampler = new Resampler(windower);
        feed(vectors, resampler);
        Map<String, Object> dropped = asMap(vectors.get("dropped"));
        checkCounts(vectors, asMap(dropped.get("acc")), resampler.accelerometerReport());
        checkCounts(vectors, asMap(dropped.get("gyro")), resampler.gyroscopeReport());
        return cuts;
    }

    static void assertSameWindows(Map<String, Object> vectors) {
        List<Map<String, Object>> wanted = maps(vectors.get("windows"));
        List<Cut> cuts = cut(vectors);
        String name = (String) vectors.get("name");
        assertEquals(wanted.size(), cuts.size(), name + ": number of windows");
        for (int index = 0; index < cuts.size(); index++) {
            Map<String, Object> window = wanted.get(index);
            String which = name + ", window " + index;
            assertEquals(((Double) window.get("segment")).intValue(), cuts.get(index).segment, which);
            assertEquals(((Double) window.get("start_ns")).longValue(), cuts.get(index).startNs, which);
            assertArrayEquals(floats((String) window.get("imu")), cuts.get(index).imu, 0f, which);
        }
    }

    static float[] probabilities(Map<String, Object> window) {
        List<?> values = (List<?>) window.get("probabilities");
        float[] probabilities = new float[values.size()];
        for (int index = 0; index < probabilities.length; index++) {
            probabilities[index] = ((Double) values.get(index)).floatValue();
        }
        return probabilities;
    }

    private static void checkCounts(Map<String, Object> vectors, Map<String, Object> wanted, SensorReport report) {
        String name = (String) vectors.get("name");
        Map<String, Long> counts = Map.of(
                "received", report.received,
                "not_finite", report.notFinite,
                "duplicate", report.duplicate,
                "out_of_order", report.outOfOrder,
                "stray", report.stray,
                "unpaired", report.unpaired,
                "gaps", report.gaps,
                "clock_jumps", report.clockJumps,
                "stuck", report.stuck,
                "full_scale", report.fullScale);
        for (Map.Entry<String, Object> entry : wanted.entrySet()) {
            long count = ((Double) entry.getValue()).longValue();
            assertEquals(count, counts.get(entry.getKey()), name + ": " + entry.getKey());
        }
    }

    private static float[] floats(String base64) {
        ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(base64)).order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[bytes.remaining() / 4];
        bytes.asFloatBuffer().get(values);
        return values;
    }

    @SuppressWarnings("unchecked") // Json makes no other maps.
    static Map<String, Object> asMap(Object value) {
        return (Map<String, Object>) value;
    }

    @SuppressWarnings("unchecked")
    static List<Map<String, Object>> maps(Object value) {
        return (List<Map<String, Object>>) value;
    }
}
