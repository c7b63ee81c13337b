package io.haredge.demo;

import android.os.Handler;
import android.os.Looper;
import io.haredge.demo.core.Answer;
import io.haredge.demo.core.Card;
import io.haredge.demo.core.Day;
import io.haredge.demo.core.Reason;
import io.haredge.demo.core.StepCounter;
import io.haredge.demo.core.Trouble;
import java.util.Arrays;

/** What the screen shows. There is one for the process; the service writes to it from any thread. */
final class LiveState {
    /** What the service is doing. */
    enum Phase {
        STOPPED,
        WAITING,
        RECOGNISING
    }

    /** The state at one moment. It does not change, except for the day, which continues to count. */
    static final class Snapshot {
        final Phase phase;
        /** Why it does not run, or what went wrong; null if nothing did. */
        final String message;
        final Trouble trouble;
        /** Index of a label or family, or {@code Answer.UNKNOWN}; valid only while recognising. */
        final int activity;
        /** Why the activity is unknown; null if it is known. */
        final Reason reason;
        final double confidence;
        /** Steps a minute; NaN if the wearer takes none. */
        final double cadence;
        /** Probability of every label after smoothing. */
        final double[] probabilities;
        /** Index of a place of the card, or {@code Answer.NO_PLACE}. */
        final int place;
        /** Whether standing, sitting and lying can be told apart. */
        final boolean showsPosture;
        final boolean hasGyroscope;
        /** Hz; NaN if it is not known. */
        final double accelerometerHz;
        final double gyroscopeHz;
        /** Of the person, if there is a profile; null if no session has begun. */
        final Card card;
        /** With the activities of the card; null likewise. */
        final Day day;
        /** Bytes recorded so far; negative if nothing is being recorded. */
        final long recorded;
        /** That of the recording, as the card writes it; empty for none. */
        final String label;

        private Snapshot(LiveState state) {
            phase = state.phase;
            message = state.message;
            trouble = state.trouble;
            activity = state.activity;
            reason = state.reason;
            confidence = state.confidence;
            cadence = state.cadence;
            probabilities = state.probabilities.clone();
            place = state.place;
            showsPosture = state.showsPosture;
            hasGyroscope = state.hasGyroscope;
            accelerometerHz = state.accelerometerHz;
            gyroscopeHz = state.gyroscopeHz;
            card = state.card;
            day = state.day;
            recorded = state.recorded;
            label = state.label;
        }
    }

    private static final LiveState INSTANCE = new LiveState();

    private final Handler main = new Handler(Looper.getMainLooper());
    private Runnable watcher;
    private Phase phase = Phase.STOPPED;
    private String message;
    private Trouble trouble = Trouble.NONE;
    private int activity = Answer.UNKNOWN;
    private Reason reason;
    private double confidence;
    private double cadence = StepCounter.NO_CADENCE;
    private double[] probabilities = new double[0];
    private int place = Answer.NO_PLACE;
    private boolean showsPosture = true;
    private boolean hasGyroscope = true;
    private double accelerometerHz = Double.NaN;
    private double gyroscopeHz = Double.NaN;
    private Card card;
    private Day day;
    private long recorded = -1;
    private String label = "";

    private LiveState() {}

    static LiveState get() {
        return INSTANCE;
    }

    synchronized Snapshot snapshot() {
        return new Snapshot(this);
    }

    /** Runs something on the main thread after each change, in place of any earlier watcher. */
    synchronized void watch(Runnable change) {
        watcher = change;
    }

    /** Removes a watcher, unless another has taken its place: a new activity starts before the old one stops. */
    synchronized void unwatch(Runnable change) {
        if (watcher == change) {
            watcher = null;
        }
    }

    synchronized void starting(Card ofPerson, Day today, boolean gyroscope) {
        phase = Phase.WAITING;
        message = null;
        trouble = Trouble.NONE;
        probabilities = new double[ofPerson.classes()];
        card = ofPerson;
        day = today;
        hasGyroscope = gyroscope;
        changed();
    }

    synchronized void write(Answer answer, double accHz, double gyroHz) {
        phase = Phase.RECOGNISING;
        activity = answer.activity;
        reason = answer.reason;
        confidence = answer.confidence;
        cadence = answer.cadence;
        place = answer.place;
        showsPosture = answer.up == null || answer.up.showsPosture();
        System.arraycopy(answer.probabilities, 0, probabilities, 0, probabilities.length);
        accelerometerHz = accHz;
        gyroscopeHz = gyroHz;
        changed();
    }

    synchronized void troubled(Trouble found) {
        if (found == Trouble.NO_SAMPLES && phase == Phase.RECOGNISING) {
            phase = Phase.WAITING; // The last activity is no longer current.
        }
        if (found != trouble) {
            trouble = found;
            changed();
        }
    }

    synchronized void recorded(long bytes) {
        recorded = bytes;
        label = bytes < 0 ? "" : label;
        changed();
    }

    synchronized void labelled(String name) {
        label = name;
        changed();
    }

    /** Shows what went wrong, while recognition continues. */
    synchronized void complain(String what) {
        message = what;
        changed();
    }

    /** @param why null if the user stopped it */
    synchronized void stopped(String why) {
        phase = Phase.STOPPED;
        message = why;
        trouble = Trouble.NONE;
        accelerometerHz = Double.NaN;
        gyroscopeHz = Double.NaN;
        recorded = -1;
        label = "";
        Arrays.fill(probabilities, 0);
        changed();
    }

    /** The card of a session that has ended is no longer that of the person. */
    synchronized void forgetCard() {
        if (phase == Phase.STOPPED) {
            card = null;
            day = null;
            changed();
        }
    }

    private void changed() {
        if (watcher != null) {
            main.removeCallbacks(watcher); // One update shows all changes up to then.
            main.post(watcher);
        }
    }
}
