package io.haredge.demo.core;

/**
 * From the events of two sensors to answers: resampled, cut into windows, classified, smoothed.
 *
 * <p>Not safe for several threads. Taking in a sample allocates nothing once the buffers have grown.
 *
 * <pre>{@code
 * Recognizer recognizer = new Recognizer(card, model, answer -> show(answer.activity, answer.confidence));
 * recognizer.accelerometer(event.timestamp, event.values[0], event.values[1], event.values[2]);
 * recognizer.gyroscope(event.timestamp, event.values[0], event.values[1], event.values[2]);
 * }</pre>
 */
public final class Recognizer implements Windower.Sink {
    /** Takes the answers, in time order, two a second. */
    public interface Listener {
        /** The next answer; it is filled anew for the one after it: copy what you keep. */
        void answer(Answer answer);
    }

    private final Model model;
    private final Listener listener;
    private final Answering answering;
    private final Answer answer;
    private final Resampler resampler = new Resampler(new Windower(this));

    public Recognizer(Card card, Model model, Listener listener) {
        this.model = model;
        this.listener = listener;
        answering = new Answering(card);
        answer = new Answer(card.classes());
    }

    /** An event of the accelerometer, gravity included: m/s^2, time in ns of the sensor's clock. */
    public void accelerometer(long timeNs, double x, double y, double z) {
        resampler.accelerometer(timeNs, x, y, z);
    }

    /** An event of the gyroscope: rad/s, time in ns of the sensor's clock. */
    public void gyroscope(long timeNs, double x, double y, double z) {
        resampler.gyroscope(timeNs, x, y, z);
    }

    /** The input has ended: answers what was waiting for a neighbouring sample. */
    public void finish() {
        resampler.finish();
    }

    public SensorReport accelerometerReport() {
        return resampler.accelerometerReport();
    }

    public SensorReport gyroscopeReport() {
        return resampler.gyroscopeReport();
    }

    @Override
    public void window(int segment, long startNs, float[] imu) {
        model.run(imu, answer.raw);
        answering.complete(answer, imu, startNs + (Contract.WINDOW - 1) * Contract.PERIOD_NS);
        listener.answer(answer);
    }
}
