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
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** Cases of golden vectors: events, and the windows that har_runtime cuts from them. */
final class Vectors {
    /** A window cut by the Java core. */
    static final class Cut {
        final int segment;
        final long startNs;
        final float[] imu;
        /** Null if its axes are those of the phone. */
        final Up up;

        Cut(int segment, long startNs, float[] imu, Up up) {
            this.segment = segment;
            this.startNs = startNs;
            this.imu = imu;
            this.up = up;
        }
    }

    private Vectors() {}

    /** The cases of the file that a system property names. */
    static List<JSONObject> cases(String property) throws IOException, JSONException {
        return objects(read(property), "cases");
    }

    /** The cases of the upright frame, of the file that a system property names. */
    static List<JSONObject> uprightCases(String property) throws IOException, JSONException {
        return objects(read(property), "upright");
    }

    /** The cases of steps, of the file that a system property names. */
    static List<JSONObject> stepCases(String property) throws IOException, JSONException {
        return objects(read(property), "steps");
    }

    /** Card, windows and cases of the answers, of the file that a system property names. */
    static JSONObject answers(String property) throws IOException, JSONException {
        return read(property).getJSONObject("answers");
    }

    /** Cards, profiles and outputs for one person, of the file that a system property names. */
    static List<JSONObject> personal(String property) throws IOException, JSONException {
        return objects(read(property), "personal");
    }

    /** What makes the first of these profiles one that is refused. */
    static List<JSONObject> refusedProfiles(String property) throws IOException, JSONException {
        return objects(read(property), "refused_profiles");
    }

    /** The sequences of answers with the smoothing filter's beliefs, of the file that a system property names. */
    static List<JSONObject> sequences(String property) throws IOException, JSONException {
        return objects(read(property), "smoothing");
    }

    private static JSONObject read(String property) throws IOException, JSONException {
        return new JSONObject(Files.readString(Path.of(System.getProperty(property)), StandardCharsets.US_ASCII));
    }

    /** The objects of an array. */
    static List<JSONObject> objects(JSONObject table, String name) throws JSONException {
        List<JSONObject> objects = new ArrayList<>();
        JSONArray array = table.getJSONArray(name);
        for (int index = 0; index < array.length(); index++) {
            objects.add(array.getJSONObject(index));
        }
        return objects;
    }

    /** The numbers of an array. */
    static double[] numbers(JSONObject table, String name) throws JSONException {
        JSONArray array = table.getJSONArray(name);
        double[] numbers = new double[array.length()];
        for (int index = 0; index < numbers.length; index++) {
            numbers[index] = array.getDouble(index);
        }
        return numbers;
    }

    /** Receives an event. */
    private interface EventListener {
        void push(long timeNs, double x, double y, double z) throws IOException;
    }

    /** Feeds the events of a case to a resampler, in their order. */
    static void feed(JSONObject vectors, Resampler resampler) throws IOException, JSONException {
        feed(vectors, resampler::pushAccelerometer, resampler::pushGyroscope);
        resampler.finish();
    }

    /** Records the events of a case, in their order. */
    static void record(JSONObject vectors, CsvRecorder recorder) throws IOException, JSONException {
        feed(vectors, recorder::pushAccelerometer, recorder::pushGyroscope);
    }

    private static void feed(JSONObject vectors, EventListener accelerometer, EventListener gyroscope)
            throws IOException, JSONException {
        JSONArray events = vectors.getJSONArray("events");
        for (int index = 0; index < events.length(); index++) {
            JSONArray event = events.getJSONArray(index);
            double[] value = new double[3];
            for (int axis = 0; axis < 3; axis++) {
                value[axis] = event.isNull(2 + axis) ? Double.NaN : event.getDouble(2 + axis);
            }
            EventListener listener = event.getString(0).equals("acc") ? accelerometer : gyroscope;
            listener.push(event.getLong(1), value[0], value[1], value[2]);
        }
    }

    /** The windows that the Java core cuts from a case. Its reports must equal those of har_runtime. */
    static List<Cut> cut(JSONObject vectors) throws IOException, JSONException {
        List<Cut> cuts = new ArrayList<>();
        Windower windower = new Windower((segment, start, imu) -> cuts.add(new Cut(segment, start, imu.clone(), null)));
        Resampler resampler = new Resampler(windower::push, vectors.optBoolean("gyroscope", true));
        feed(vectors, resampler);
        JSONObject dropped = vectors.getJSONObject("dropped");
        String name = vectors.getString("name");
        assertCounts(name, dropped.getJSONObject("acc"), resampler.accelerometerReport());
        assertCounts(name, dropped.getJSONObject("gyro"), resampler.gyroscopeReport());
        return cuts;
    }

    /** The windows that the Java core cuts from a case and turns upright. */
    static List<Cut> cutUpright(JSONObject vectors) throws IOException, JSONException {
        List<Cut> cuts = new ArrayList<>();
        double[] up = vectors.isNull("given") ? null : numbers(vectors, "given");
        UprightTracker tracker = new UprightTracker(up == null ? null : new Up(up[0], up[1], up[2], Up.Found.GIVEN));
        Windower windower = new Windower((segment, start, imu) ->
                cuts.add(new Cut(segment, start, tracker.step(start, imu).clone(), tracker.windowUp())));
        feed(vectors, new Resampler(windower::push, vectors.optBoolean("gyroscope", true)));
        return cuts;
    }

    static void assertSameWindows(JSONObject vectors) throws IOException, JSONException {
        List<JSONObject> expected = objects(vectors, "windows");
        List<Cut> cuts = cut(vectors);
        String name = vectors.getString("name");
        assertEquals(expected.size(), cuts.size(), name + ": number of windows");
        for (int index = 0; index < cuts.size(); index++) {
            JSONObject window = expected.get(index);
            String message = name + ", window " + index;
            assertEquals(window.getInt("segment"), cuts.get(index).segment, message);
            assertEquals(window.getLong("start_ns"), cuts.get(index).startNs, message);
            assertArrayEquals(floats(window.getString("imu")), cuts.get(index).imu, 0f, message);
        }
    }

    static float[] probabilities(JSONObject window) throws JSONException {
        return float32(numbers(window, "probabilities"));
    }

    /** The numbers of an array of rows, row by row. */
    static float[] rows(JSONObject table, String name) throws JSONException {
        JSONArray rows = table.getJSONArray(name);
        double[] numbers = new double[rows.length() * rows.getJSONArray(0).length()];
        for (int index = 0; index < numbers.length; index++) {
            int columns = rows.getJSONArray(0).length();
            numbers[index] = rows.getJSONArray(index / columns).getDouble(index % columns);
        }
        return float32(numbers);
    }

    static float[] float32(double[] numbers) {
        float[] values = new float[numbers.length];
        for (int index = 0; index < numbers.length; index++) {
            values[index] = (float) numbers[index];
        }
        return values;
    }

    private static void assertCounts(String name, JSONObject expected, SensorReport report) throws JSONException {
        Map<String, Long> counts = Map.of(
                "received", report.received,
                "invalid", report.invalid,
                "duplicate", report.duplicate,
                "out_of_order", report.outOfOrder,
                "stray", report.stray,
                "unpaired", report.unpaired,
                "gaps", report.gaps,
                "clock_jumps", report.clockJumps,
                "stuck", report.stuck,
                "full_scale", report.fullScale);
        for (int index = 0; index < expected.length(); index++) {
            String key = expected.names().getString(index);
            assertEquals(expected.getLong(key), counts.get(key), name + ": " + key);
        }
    }

    /** Values in thousandths, as 16-bit numbers in base64. */
    static float[] milli(String base64) {
        ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(base64)).order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[bytes.remaining() / 2];
        for (int index = 0; index < values.length; index++) {
            values[index] = (float) (bytes.getShort() * 1e-3);
        }
        return values;
    }

    /** Values of float32 as Base64, little-endian. */
    static float[] floats(String base64) {
        ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(base64)).order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[bytes.remaining() / 4];
        bytes.asFloatBuffer().get(values);
        return values;
    }
}
