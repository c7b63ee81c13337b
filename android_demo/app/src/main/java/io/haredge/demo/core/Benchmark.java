package io.haredge.demo.core;

import java.io.BufferedReader;
import java.io.FileReader;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** Times single windows of several models in turns, as har-bench does, and writes the result as its JSON. */
public final class Benchmark {
    private static final int WARM_UP = 50;
    private static final int TURNS = 20;
    private static final int WINDOWS = 50;
    private static final int LOOP_LENGTH = 200_000;
    private static final double HOP_S = Contract.HOP_NS / 1e9;
    private static final double MAX_SPREAD = 0.10;

    /** Opens a model; the time and memory that this takes are measured. */
    public interface Opener {
        Model open() throws BadModelException;
    }

    /** Describes the machine in the JSON. */
    public static final class Machine {
        final String date;
        final String cpu;
        final String architecture;
        final String system;
        final String app;
        final String litert;

        /**
         * @param date e.g. 2026-11-24
         * @param system e.g. "Android 16"
         * @param app version of the app
         * @param litert version of LiteRT
         */
        public Machine(String date, String cpu, String architecture, String system, String app, String litert) {
            this.date = date;
            this.cpu = cpu;
            this.architecture = architecture;
            this.system = system;
            this.app = app;
            this.litert = litert;
        }

        private JSONObject toJson() throws JSONException {
            return new JSONObject()
                    .put("date", date)
                    .put("cpu", cpu)
                    .put("cores", Runtime.getRuntime().availableProcessors())
                    .put("architecture", architecture)
                    .put("python", "none")
                    .put("versions", new JSONObject().put("haredge", app).put("litert", litert).put("system", system));
        }
    }

    /** One model, and what was measured of it. */
    public static final class MeasuredModel {
        public final String name;
        private final String numberFormat;
        private final int fileBytes;
        private final double macroF1;
        private final Opener opener;
        private final double[] latenciesUs = new double[TURNS * WINDOWS];
        private final double[] turnMedians = new double[TURNS];
        private Model model;
        private double loadSeconds;
        /** Memory by which the process grew; negative if the system does not show it. */
        private long grownKb = -1;

        /**
         * @param numberFormat e.g. "int8"
         * @param macroF1 0 to 1, NaN if it is not known
         */
        public MeasuredModel(String name, String numberFormat, int fileBytes, double macroF1, Opener opener) {
            this.name = name;
            this.numberFormat = numberFormat;
            this.fileBytes = fileBytes;
            this.macroF1 = macroF1;
            this.opener = opener;
        }

        /** A percentile of the latency, in microseconds. */
        public double latencyUs(double percent) {
            return Benchmark.percentile(latenciesUs, percent);
        }

        /** Memory by which the process grew, in MiB; NaN if the system does not show it. */
        public double memoryMib() {
            return grownKb < 0 ? Double.NaN : grownKb / 1024.0;
        }
    }

    private final MeasuredModel[] models;
    private final Card card;
    private final double[] loopSeconds;
    private long emptyKb = -1;

    /** @param card says what every model returns */
    public Benchmark(Card card, MeasuredModel... models) {
        this.models = models.clone();
        this.card = card;
        loopSeconds = new double[TURNS * models.length];
    }

    /**
     * Measures all models; takes seconds.
     *
     * @throws BadModelException a model cannot be opened
     */
    public void run() throws BadModelException {
        float[] window = new float[Contract.WINDOW * Contract.CHANNEL_COUNT];
        for (int index = 0; index < window.length; index++) {
            window[index] = (float) Math.sin(0.1 * index);
        }
        Outputs outputs = new Outputs(card);
        emptyKb = processStatusKb("VmRSS:");
        for (MeasuredModel measured : models) {
            open(measured, window, outputs);
        }
        for (int turn = 0; turn < TURNS; turn++) {
            for (int index = 0; index < models.length; index++) {
                loopSeconds[turn * models.length + index] = timeLoop();
                timeWindows(models[index], turn, window, outputs);
            }
        }
    }

    /** The models with their measurements. */
    public MeasuredModel[] models() {
        return models.clone();
    }

    /** Why the machine is too noisy to trust the measurements; null if it is quiet. */
    public String noise() {
        double spread = spread();
        return spread <= MAX_SPREAD ? null
                : String.format(Locale.ROOT, "a fixed loop took up to %.0f %% longer at times", 100 * spread);
    }

    /** The result as har-bench writes it; {@code har-bench --compare} and {@code har_bench.tables} read it. */
    public String toJson(Machine machine) {
        try {
            return result(machine).toString(1);
        } catch (JSONException notFinite) {
            throw new AssertionError(notFinite); // Times are positive and finite; what may be NaN is written as null.
        }
    }

    private JSONObject result(Machine machine) throws JSONException {
        JSONArray modelRows = new JSONArray();
        JSONArray runRows = new JSONArray();
        for (MeasuredModel measured : models) {
            modelRows.put(modelRow(measured));
            runRows.put(runRow(measured, machine.litert));
        }
        JSONArray reasons = new JSONArray();
        if (noise() != null) {
            reasons.put(noise());
        }
        JSONObject state = nulls("governor", "clock_mhz", "temperature_c", "throttled", "pi_flags");
        return nulls("int8_peak")
                .put("machine", machine.toJson())
                .put("convention", "Latency is for single windows, input and output copied. Memory is the growth of "
                        + "the app's process; that of the first model includes the LiteRT library. Processor time is "
                        + "taken to be the latency, as there is one thread.")
                .put("settings", new JSONObject()
                        .put("threads", new JSONArray().put(1)).put("repetitions", TURNS).put("windows", WINDOWS))
                .put("state", new JSONObject().put("before", state).put("after", state))
                .put("noise", new JSONObject().put("spread", spread()).put("reasons", reasons))
                .put("energy", nulls("meter").put("why_not", "not measured by the app"))
                .put("empty_process_bytes", bytes(emptyKb))
                .put("models", modelRows)
                .put("runs", runRows)
                .put("left_out", new JSONArray());
    }

    private static JSONObject modelRow(MeasuredModel measured) throws JSONException {
        return nulls("parameters", "macs", "flops", "peak_activation_bytes", "tflm_arena_bytes")
                .put("name", measured.name)
                .put("format", "tflite")
                .put("number_format", measured.numberFormat)
                .put("uncounted", new JSONArray())
                .put("file_bytes", measured.fileBytes)
                .put("macro_f1", Double.isNaN(measured.macroF1) ? JSONObject.NULL : measured.macroF1);
    }

    private static JSONObject runRow(MeasuredModel measured, String litert) throws JSONException {
        double mean = Arrays.stream(measured.latenciesUs).average().orElse(0);
        JSONArray turnMedians = new JSONArray()
                .put(percentile(measured.turnMedians, 10)).put(percentile(measured.turnMedians, 90));
        return nulls("import_seconds", "share_of_int8_peak", "energy", "check")
                .put("model", measured.name)
                .put("runtime", "LiteRT")
                .put("version", litert)
                .put("threads", 1)
                .put("load_seconds", measured.loadSeconds)
                .put("rss_above_empty_bytes", bytes(measured.grownKb))
                .put("peak_rss_bytes", bytes(processStatusKb("VmHWM:")))
                .put("windows", measured.latenciesUs.length)
                .put("latency_us", new JSONObject()
                        .put("p50", measured.latencyUs(50)).put("p90", measured.latencyUs(90))
                        .put("p99", measured.latencyUs(99)).put("mean", mean))
                .put("turn_medians_us", turnMedians)
                .put("windows_per_second", 1e6 / mean)
                .put("cpu_us", mean)
                .put("share_of_core", mean / 1e6 / HOP_S);
    }

    private static JSONObject nulls(String... names) throws JSONException {
        JSONObject table = new JSONObject();
        for (String name : names) {
            table.put(name, JSONObject.NULL);
        }
        return table;
    }

    private static void open(MeasuredModel measured, float[] window, Outputs outputs) throws BadModelException {
        long before = processStatusKb("VmRSS:");
        long start = System.nanoTime();
        measured.model = measured.opener.open();
        measured.model.run(window, outputs);
        measured.loadSeconds = (System.nanoTime() - start) / 1e9;
        for (int count = 0; count < WARM_UP; count++) {
            measured.model.run(window, outputs);
        }
        measured.grownKb = before < 0 ? -1 : Math.max(0, processStatusKb("VmRSS:") - before);
    }

    private static void timeWindows(MeasuredModel measured, int turn, float[] window, Outputs outputs) {
        double[] latenciesUs = new double[WINDOWS];
        for (int count = 0; count < WINDOWS; count++) {
            long start = System.nanoTime();
            measured.model.run(window, outputs);
            latenciesUs[count] = (System.nanoTime() - start) / 1e3;
        }
        System.arraycopy(latenciesUs, 0, measured.latenciesUs, turn * WINDOWS, WINDOWS);
        measured.turnMedians[turn] = percentile(latenciesUs, 50);
    }

    /** Seconds that a fixed piece of work takes: other load and a hot processor make it take longer. */
    private static double timeLoop() {
        long start = System.nanoTime();
        double sum = 0;
        for (int count = 1; count <= LOOP_LENGTH; count++) {
            sum += 1.0 / count;
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        return sum > 0 ? seconds : Double.NaN; // Uses the sum, so that the loop is not optimised away.
    }

    private double spread() {
        return percentile(loopSeconds, 90) / percentile(loopSeconds, 10) - 1;
    }

    /** Interpolates linearly between the two nearest values, as numpy does. */
    private static double percentile(double[] values, double percent) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        double at = percent / 100 * (sorted.length - 1);
        int below = (int) at;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }

    private static Object bytes(long kilobytes) {
        return kilobytes < 0 ? JSONObject.NULL : Long.valueOf(1024 * kilobytes);
    }

    /** A value of /proc/self/status in kilobytes; negative if the system does not show it. */
    private static long processStatusKb(String name) {
        try (BufferedReader lines = new BufferedReader(new FileReader("/proc/self/status"))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(name)) {
                    return Long.parseLong(line.replaceAll("[^0-9]", ""));
                }
            }
        } catch (IOException | NumberFormatException hidden) {
            return -1;
        }
        return -1;
    }
}
