package io.haredge.demo.core;

/**
 * From the events of two sensors to answers: resampled, cut into windows, turned upright if the model wants that,
 * classified, smoothed.
 *
 * <p>Not thread-safe. Adding a sample allocates nothing once the buffers have grown, except for the direction of up.
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

    /** What else is known of the wearer and the phone. */
    public static final class Options {
        /** Where the phone is worn: waist, hip, chest, pocket, thigh or wrist; null to find out, if the model can. */
        public String place;
        /** Whether an answer may be a family of activities, if only that is certain. */
        public boolean coarse = true;
        /** False for a phone without a gyroscope: then only the accelerometer is pushed. */
        public boolean gyroscope = true;
        /** Which way is up for the wearer; null if that is not known. For cards of the frame upright. */
        public Up up;
    }

    private final Model model;
    private final Listener listener;
    private final Answering answering;
    private final Answer answer;
    private final UprightTracker tracker;
    private final Resampler resampler;

    public Recognizer(Card card, Model model, Listener listener) {
        this(card, model, new Options(), Answer.NO_PLACE, listener);
    }

    /** @throws BadModelException the model needs a gyroscope, and there is none; or it does not know the place */
    public Recognizer(Card card, Model model, Options options, Listener listener) throws BadModelException {
        this(card, model, options, checked(card, options), listener);
    }

    private Recognizer(Card card, Model model, Options options, int place, Listener listener) {
        this.model = model;
        this.listener = listener;
        answering = new Answering(card, place, options.coarse);
        answer = new Answer(card);
        tracker = card.isUpright() ? new UprightTracker(options.up) : null;
        resampler = new Resampler(new Windower(this::classify)::push, options.gyroscope);
    }

    /** Index of the place, once the options fit the card. */
    private static int checked(Card card, Options options) throws BadModelException {
        if (!options.gyroscope && !card.gyroscopeIsOptional()) {
            throw new BadModelException("the model " + card.name + " needs a gyroscope, and the phone has none");
        }
        return options.place == null ? Answer.NO_PLACE : card.placeIndex(options.place);
    }

    /** Adds an event of the accelerometer: time in ns of the sensor's clock, m/s^2 with gravity. */
    public void pushAccelerometer(long timeNs, double x, double y, double z) {
        resampler.pushAccelerometer(timeNs, x, y, z);
    }

    /**
     * Adds an event of the gyroscope: time in ns of the sensor's clock, rad/s.
     *
     * @throws IllegalStateException the options say that there is none
     */
    public void pushGyroscope(long timeNs, double x, double y, double z) {
        resampler.pushGyroscope(timeNs, x, y, z);
    }

    /** Ends the input: answers for the samples that waited for a later neighbour. */
    public void finish() {
        resampler.finish();
    }

    /** Which way is up for the wearer; null while it is not known, and for cards of the frame of the phone. */
    public Up up() {
        return tracker == null ? null : tracker.up();
    }

    public SensorReport accelerometerReport() {
        return resampler.accelerometerReport();
    }

    public SensorReport gyroscopeReport() {
        return resampler.gyroscopeReport();
    }

    private void classify(int segment, long startNs, float[] imu) {
        float[] window = imu;
        if (tracker != null) {
            window = tracker.step(startNs, imu);
            answer.up = tracker.windowUp();
        }
        model.run(window, answer.outputs);
        answering.step(answer, imu, window, segment, startNs);
        listener.onAnswer(answer);
    }
}
