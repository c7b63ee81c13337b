package io.haredge.demo.core;

import java.io.BufferedReader;
import java.io.FileReader;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;

/** Times single windows of several models in turns, as har-bench does, and writes its JSON. */
public final class Benchmark {
    private static final int WARM_UP = 50;
    private static final int TURNS = 20;
    private static final int WINDOWS = 50;
    private static final int LOOP = 200_000;
    private static final double HOP_S = Contract.HOP_NS / 1e9;
    private static final double MOST_SPREAD = 0.10;

    /** Opens a model; what it takes to do so is measured. */
    public interface Opener {
        Model open() throws BadModelException;
    }

    /** What the machine is, for the JSON. */
    public static final class Machine {
        final String date;
        final String cpu;
        final String architecture;
        final String system;
        final String app;
        final String litert;

        /**
         * @param date as in 2026-11-24
         * @param system as in "Android 16"
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
    }

    /** One model of the run, and what was found of it. */
    public static final class Subject {
        public final String name;
        private final String numberFormat;
        private final int fileBytes;
        private final double macroF1;
        private final Opener opener;
        private final double[] tookUs = new double[TURNS * WINDOWS];
        private final double[] turnMedians = new double[TURNS];
        private Model model;
        private double loadSeconds;
        /** Kilobytes; negative where the system does not show them. */
        private long grownKb = -1;

        /**
         * @param numberFormat as in "int8"
         * @param macroF1 0 to 1, NaN where it is not known
         */
        public Subject(String name, String numberFormat, int fileBytes, double macroF1, Opener opener) {
            this.name = name;
            this.numberFormat = numberFormat;
            this.fileBytes = fileBytes;
            this.macroF1 = macroF1;
            this.opener = opener;
        }

        /** A percentile of the latency, in microseconds. */
        public double percentile(double percent) {
            return Benchmark.percentile(tookUs, percent);
        }

        /** Memory that the process grew by, in MiB; NaN where the system does not show it. */
        public double memoryMib() {
            return grownKb < 0 ? Double.NaN : grownKb / 1024.0;
        }
    }

    private final Subject[] subjects;
    private final int classes;
    private final double[] loops;
    private long emptyKb = -1;

    /** @param classes activities that every model tells apart */
    public Benchmark(int classes, Subject... subjects) {
        this.subjects = subjects.clone();
        this.classes = classes;
        loops = new double[TURNS * subjects.length];
    }

    /**
     * Measures; takes seconds.
     *
     * @throws BadModelException a model cannot be opened
     */
    public void run() throws BadModelException {
        float[] window = new float[Contract.WINDOW * Contract.CHANNEL_COUNT];
        for (int index = 0; index < window.length; index++) {
            window[index] = (float) Math.sin(0.1 * index);
        }
        float[] probabilities = new float[classes];
        emptyKb = status("VmRSS:");
        for (Subject subject : subjects) {
            open(subject, window, probabilities);
        }
        for (int turn = 0; turn < TURNS; turn++) {
            for (int index = 0; index < subjects.length; index++) {
                loops[turn * subjects.length + index] = timeLoop();
                take(subjects[index], turn, window, probabilities);
            }
        }
    }

    /** The models that were measured. */
    public Subject[] subjects() {
        return subjects.clone();
    }

    /** Why the machine is too noisy to tell; null where it is quiet. */
    public String noise() {
        double spread = spread();
        return spread <= MOST_SPREAD ? null
                : String.format(Locale.ROOT, "a fixed loop took up to %.0f %% longer at times", 100 * spread);
    }

    /** The result as har-bench writes it; {@code har-bench --compare} and {@code har_bench.tables} read it. */
    public String toJson(Machine machine) {
        String noise = noise();
        StringBuilder json = new StringBuilder("{\n");
        json.append(" \"machine\": {\"date\": ").append(Json.quote(machine.date))
                .append(", \"cpu\": ").append(Json.quote(machine.cpu))
                .append(", \"cores\": ").append(Runtime.getRuntime().availableProcessors())
                .append(", \"architecture\": ").append(Json.quote(machine.architecture))
                .append(", \"python\": \"none\", \"versions\": {\"haredge\": ").append(Json.quote(machine.app))
                .append(", \"litert\": ").append(Json.quote(machine.litert))
                .append(", \"system\": ").append(Json.quote(machine.system)).append("}},\n");
        json.append(" \"convention\": \"Latency is of single windows, input and output copied. Memory is what the "
                + "app's process grew by, the LiteRT library in that of the first model. Processor time is taken to be "
                + "the latency, as there is one thread.\",\n");
        json.append(String.format(Locale.ROOT,
                " \"settings\": {\"threads\": [1], \"repetitions\": %d, \"windows\": %d},%n", TURNS, WINDOWS));
        String unseen = "{\"governor\": null, \"clock_mhz\": null, \"temperature_c\": null, \"throttled\": null, "
                + "\"pi_flags\": null}";
        json.append(" \"state\": {\"before\": ").append(unseen).append(", \"after\": ").append(unseen).append("},\n");
        json.append(String.format(Locale.ROOT, " \"noise\": {\"spread\": %.6f, \"reasons\": [%s]},%n",
                spread(), noise == null ? "" : Json.quote(noise)));
        json.append(" \"energy\": {\"meter\": null, \"why_not\": \"not measured by the app\"},\n");
        json.append(" \"empty_process_bytes\": ").append(bytes(emptyKb)).append(",\n \"int8_peak\": null,\n");
        json.append(" \"models\": [");
        for (int index = 0; index < subjects.length; index++) {
            json.append(index == 0 ? "\n" : ",\n").append(model(subjects[index]));
        }
        json.append("\n ],\n \"runs\": [");
        for (int index = 0; index < subjects.length; index++) {
            json.append(index == 0 ? "\n" : ",\n").append(run(subjects[index], machine.litert));
        }
        return json.append("\n ],\n \"left_out\": []\n}\n").toString();
    }

    private static String model(Subject subject) {
        return String.format(Locale.ROOT,
                "  {\"name\": %s, \"format\": \"tflite\", \"number_format\": %s, \"parameters\": null, \"macs\": null, "
                        + "\"flops\": null, \"uncounted\": [], \"file_bytes\": %d, \"peak_activation_bytes\": null, "
                        + "\"tflm_arena_bytes\": null, \"macro_f1\": %s}",
                Json.quote(subject.name), Json.quote(subject.numberFormat), subject.fileBytes,
                Double.isNaN(subject.macroF1) ? "null" : String.valueOf(subject.macroF1));
    }

    private static String run(Subject subject, String litert) {
        double mean = Arrays.stream(subject.tookUs).average().orElse(0);
        return String.format(Locale.ROOT,
                "  {\"model\": %s, \"runtime\": \"LiteRT\", \"version\": %s, \"threads\": 1, \"import_seconds\": null, "
                        + "\"load_seconds\": %.6f, \"rss_above_empty_bytes\": %s, \"peak_rss_bytes\": %s, "
                        + "\"windows\": %d, "
                        + "\"latency_us\": {\"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f, \"mean\": %.3f}, "
                        + "\"turn_medians_us\": [%.3f, %.3f], \"windows_per_second\": %.1f, \"cpu_us\": %.3f, "
                        + "\"share_of_core\": %.9f, \"share_of_int8_peak\": null, \"energy\": null, \"check\": null}",
                Json.quote(subject.name), Json.quote(litert), subject.loadSeconds, bytes(subject.grownKb),
                bytes(status("VmHWM:")), subject.tookUs.length, subject.percentile(50), subject.percentile(90),
                subject.percentile(99), mean, percentile(subject.turnMedians, 10), percentile(subject.turnMedians, 90),
                1e6 / mean, mean, mean / 1e6 / HOP_S);
    }

    private static void open(Subject subject, float[] window, float[] probabilities) throws BadModelException {
        long before = status("VmRSS:");
        long start = System.nanoTime();
        subject.model = subject.opener.open();
        subject.model.run(window, probabilities);
        subject.loadSeconds = (System.nanoTime() - start) / 1e9;
        for (int count = 0; count < WARM_UP; count++) {
            subject.model.run(window, probabilities);
        }
        subject.grownKb = before < 0 ? -1 : Math.max(0, status("VmRSS:") - before);
    }

    private static void take(Subject subject, int turn, float[] window, float[] probabilities) {
        double[] took = new double[WINDOWS];
        for (int count = 0; count < WINDOWS; count++) {
            long start = System.nanoTime();
            subject.model.run(window, probabilities);
            took[count] = (System.nanoTime() - start) / 1e3;
        }
        System.arraycopy(took, 0, subject.tookUs, turn * WINDOWS, WINDOWS);
        subject.turnMedians[turn] = percentile(took, 50);
    }

    /** Seconds that a fixed piece of work takes: what else runs on the machine, and its heat, show in it. */
    private static double timeLoop() {
        long start = System.nanoTime();
        double sum = 0;
        for (int count = 1; count <= LOOP; count++) {
            sum += 1.0 / count;
        }
        double took = (System.nanoTime() - start) / 1e9;
        return sum > 0 ? took : Double.NaN; // The sum is used, so that the loop is not left out.
    }

    private double spread() {
        return percentile(loops, 90) / percentile(loops, 10) - 1;
    }

    /** As numpy's: linear between the two nearest. */
    private static double percentile(double[] values, double percent) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        double at = percent / 100 * (sorted.length - 1);
        int below = (int) at;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }

    private static String bytes(long kilobytes) {
        return kilobytes < 0 ? "null" : String.valueOf(1024 * kilobytes);
    }

    /** A line of /proc/self/status in kilobytes; negative where the system does not show it. */
    private static long status(String name) {
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
