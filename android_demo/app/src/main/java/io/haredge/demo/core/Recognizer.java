package io.haredge.demo.core;

/**
 * From the events of two sensors to answers: resampled, cut into windows, classified, smoothed.
 *
 * <p>Not thread-safe. Adding a sample allocates nothing once the buffers have grown.
 *
 * <pre>{@code
 * Recognizer recognizer = new Recognizer(card, model, answer -> show(answer.activity, answer.confidence));
 * recognizer.pushAccelerometer(event.timestamp, event.values[0], event.values[1], event.values[2]);
 * recognizer.pushGyroscope(event.timestamp, event.values[0], event.values[1], event.values[2]);
 * }</pre>
 */
public final class Recognizer {
    /** Receives the answers in time order, two a second. */
    public interface Listener {
        /** Called for each answer. The object is reused for the next one: copy what you keep. */
        void onAnswer(Answer answer);
    }

    private final Model model;
    private final Listener listener;
    private final Answering answering;
    private final Answer answer;
    private final Resampler resampler = new Resampler(new Windower(this::classify)::push);

    public Recognizer(Card card, Model model, Listener listener) {
        this.model = model;
        this.listener = listener;
        answering = new Answering(card);
        answer = new Answer(card.classes());
    }

    /** Adds an event of the accelerometer: time in ns of the sensor's clock, m/s^2 with gravity. */
    public void pushAccelerometer(long timeNs, double x, double y, double z) {
        resampler.pushAccelerometer(timeNs, x, y, z);
    }

    /** Adds an event of the gyroscope: time in ns of the sensor's clock, rad/s. */
    public void pushGyroscope(long timeNs, double x, double y, double z) {
        resampler.pushGyroscope(timeNs, x, y, z);
    }

    /** Ends the input: answers for the samples that waited for a later neighbour. */
    public void finish() {
        resampler.finish();
    }

    public SensorReport accelerometerReport() {
        return resampler.accelerometerReport();
    }

    public SensorReport gyroscopeReport() {
        return resampler.gyroscopeReport();
    }

    private void classify(int segment, long startNs, float[] imu) {
        model.run(imu, answer.windowProbabilities);
        answering.step(answer, imu, startNs + (Contract.WINDOW - 1) * Contract.PERIOD_NS);
        listener.onAnswer(answer);
    }
}
