package io.haredge.demo;

import android.content.Context;
import android.content.res.Configuration;
import android.graphics.Typeface;
import android.os.Build;
import android.view.Gravity;
import android.view.View;
import android.view.ViewGroup;
import android.widget.Button;
import android.widget.LinearLayout;
import android.widget.ScrollView;
import android.widget.TextView;
import io.haredge.demo.core.Answer;
import io.haredge.demo.core.Card;
import io.haredge.demo.core.Day;
import io.haredge.demo.core.Trouble;
import java.util.stream.IntStream;

/** The views of the main screen and their texts, in one column, or two in landscape. */
final class Screen {
    private static final int MARGIN_DP = 16;
    /** An activity with less time in a whole day is more likely an error. */
    private static final int MIN_SECONDS = 5;

    final ScrollView root;
    final Button startStop;
    final Button record;
    final LabelButtons labels;
    final Button settings;
    final Button benchmark;
    private final Context context;
    private final TextView activity;
    private final TextView confidence;
    private final TextView cadence;
    private final TextView place;
    private final TextView message;
    private final TextView rates;
    private final TextView recorded;
    private final TextView steps;
    private final TextView totals;
    private final TextView about;
    private final ProbabilityBars bars;
    private final DayChart chart;
    private Card card;

    Screen(Context context) {
        this.context = context;
        activity = text(context, 34, R.color.text);
        activity.setTypeface(Typeface.DEFAULT_BOLD);
        activity.setAccessibilityLiveRegion(View.ACCESSIBILITY_LIVE_REGION_POLITE);
        confidence = text(context, 16, R.color.faint);
        cadence = text(context, 16, R.color.faint);
        place = text(context, 16, R.color.faint);
        message = text(context, 16, R.color.warning);
        message.setAccessibilityLiveRegion(View.ACCESSIBILITY_LIVE_REGION_POLITE);
        rates = text(context, 14, R.color.faint);
        recorded = text(context, 14, R.color.faint);
        steps = text(context, 16, R.color.text);
        totals = text(context, 14, R.color.faint);
        about = text(context, 14, R.color.faint);
        bars = new ProbabilityBars(context);
        chart = new DayChart(context);
        startStop = new Button(context);
        record = new Button(context);
        labels = new LabelButtons(context);
        settings = new Button(context);
        settings.setText(R.string.settings);
        benchmark = new Button(context);
        benchmark.setText(R.string.benchmark);

        LinearLayout now = column(activity, confidence, cadence, place, message, bars, row(startStop, record),
                labels, rates, recorded);
        LinearLayout rest = column(heading(context, R.string.today), steps, chart, totals,
                heading(context, R.string.model), about, row(settings, benchmark));
        boolean wide = context.getResources().getConfiguration().orientation == Configuration.ORIENTATION_LANDSCAPE;
        root = new ScrollView(context);
        root.setFillViewport(true);
        root.setFitsSystemWindows(true); // Otherwise an app draws beneath the system bars from Android 15 on.
        root.addView(wide ? row(now, rest) : column(now, rest));
    }

    /** Shows the model and names the rows of the charts. */
    void setCard(Card card) {
        this.card = card;
        bars.setRows(card, IntStream.range(0, card.classes()).toArray());
        chart.setRows(card, IntStream.range(0, card.activities()).filter(it -> !card.isUnknown(it)).toArray());
        labels.setCard(card);
        about.setText(context.getString(R.string.card, card.name, card.version, placements(), 100 * card.macroF1,
                card.unseenPeople, card.data, card.licence));
    }

    /** Where the phone may be worn, in words. */
    private String placements() {
        StringBuilder list = new StringBuilder();
        for (int index = 0; index < card.placeCount(); index++) {
            append(list, ActivityNames.ofPlace(context, card, index));
        }
        if (list.length() > 0) {
            return list.toString();
        }
        return card.placement == null ? context.getString(R.string.placement_unstated)
                : context.getString(R.string.at_place, card.placement);
    }

    /** Shows the current state; {@code day} is null if nothing is known of it. */
    void show(LiveState.Snapshot state, Day day) {
        boolean recognising = state.phase == LiveState.Phase.RECOGNISING && card != null;
        boolean running = state.phase != LiveState.Phase.STOPPED;
        setText(activity, recognising ? ActivityNames.of(context, card, state.activity)
                : context.getString(running ? R.string.waiting : R.string.stopped));
        setText(confidence, recognising ? confidence(state) : null);
        boolean isWalking = recognising && !Double.isNaN(state.cadence);
        setText(cadence, isWalking ? context.getString(R.string.cadence, Math.round(state.cadence)) : null);
        setText(place, recognising ? place(state) : null);
        setText(message, state.message != null ? state.message : textOf(state.trouble));
        setText(rates, running ? rates(state) : null);
        setText(recorded, state.recorded >= 0 ? context.getString(R.string.recording, state.recorded / 1e6) : null);
        startStop.setText(running ? R.string.stop : R.string.start);
        startStop.setEnabled(card != null);
        record.setText(state.recorded >= 0 ? R.string.stop_recording : R.string.record);
        record.setEnabled(running);
        labels.show(state.recorded >= 0, state.label);
        bars.show(recognising ? state.probabilities : new double[0]);
        bars.setContentDescription(
                recognising ? probabilities(state.probabilities) : context.getString(R.string.stopped));
        chart.show(day);
        setText(steps, day == null ? null : context.getString(R.string.steps, day.steps()));
        String totalsText = totals(day);
        setText(totals, totalsText);
        chart.setContentDescription(totalsText);
    }

    private String confidence(LiveState.Snapshot state) {
        if (state.reason == null) {
            return context.getString(R.string.confidence, Math.round(100 * state.confidence));
        }
        switch (state.reason) {
            case UNSURE:
                return context.getString(R.string.unsure);
            case UNLIKE:
                return context.getString(R.string.unlike);
            default:
                return context.getString(R.string.not_worn);
        }
    }

    /** Where the phone is worn, or what the wearer can do so that more is known; null if the model does not tell. */
    private String place(LiveState.Snapshot state) {
        if (!state.showsPosture) {
            return context.getString(R.string.walk_first);
        }
        if (card.placeCount() == 0) {
            return null;
        }
        return state.place == Answer.NO_PLACE ? context.getString(R.string.place_unknown)
                : context.getString(R.string.worn, ActivityNames.ofPlace(context, card, state.place));
    }

    private String rates(LiveState.Snapshot state) {
        return state.hasGyroscope
                ? context.getString(R.string.rates, rate(state.accelerometerHz), rate(state.gyroscopeHz))
                : context.getString(R.string.rate_alone, rate(state.accelerometerHz));
    }

    private String totals(Day day) {
        StringBuilder list = new StringBuilder();
        for (int index = 0; day != null && card != null && index < card.activities(); index++) {
            int seconds = day.seconds(index);
            if (seconds >= MIN_SECONDS) {
                int minutes = Math.max(1, Math.round(seconds / 60f));
                String name = ActivityNames.of(context, card, index);
                append(list, minutes < 60
                        ? context.getString(R.string.minutes_of, name, minutes)
                        : context.getString(R.string.hours_of, name, minutes / 60, minutes % 60));
            }
        }
        boolean nothing = list.length() == 0;
        return nothing ? context.getString(R.string.today_nothing) : context.getString(R.string.today_of, list);
    }

    private String probabilities(double[] values) {
        StringBuilder list = new StringBuilder();
        for (int label = 0; label < values.length; label++) {
            long percent = Math.round(100 * values[label]);
            append(list, context.getString(R.string.percent_of, ActivityNames.of(context, card, label), percent));
        }
        return context.getString(R.string.bars_of, list);
    }

    private void append(StringBuilder list, String entry) {
        list.append(list.length() == 0 ? "" : context.getString(R.string.list_separator)).append(entry);
    }

    private String rate(double hz) {
        return Double.isNaN(hz) ? context.getString(R.string.no_rate) : context.getString(R.string.rate, hz);
    }

    private String textOf(Trouble trouble) {
        switch (trouble) {
            case NO_SAMPLES:
                return context.getString(R.string.trouble_no_samples);
            case TOO_SLOW:
                return context.getString(R.string.trouble_too_slow);
            case INVALID:
                return context.getString(R.string.trouble_invalid);
            case CLOCK_JUMP:
                return context.getString(R.string.trouble_clock_jump);
            case FULL_SCALE:
                return context.getString(R.string.trouble_full_scale);
            case STUCK:
                return context.getString(R.string.trouble_stuck);
            case GAPS:
                return context.getString(R.string.trouble_gaps);
            default:
                return null;
        }
    }

    /** Shows a text, or hides the view if there is none. An unchanged text is not set, or TalkBack would repeat it. */
    private static void setText(TextView view, String text) {
        view.setVisibility(text == null ? View.GONE : View.VISIBLE);
        if (text != null && !text.contentEquals(view.getText())) {
            view.setText(text);
        }
    }

    static TextView heading(Context context, int string) {
        TextView view = text(context, 20, R.color.text);
        view.setText(string);
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) {
            view.setAccessibilityHeading(true);
        }
        return view;
    }

    static TextView text(Context context, int sizeSp, int colour) {
        TextView view = new TextView(context);
        view.setTextSize(sizeSp);
        view.setTextColor(context.getColor(colour));
        return view;
    }

    private LinearLayout column(View... views) {
        LinearLayout column = new LinearLayout(context);
        column.setOrientation(LinearLayout.VERTICAL);
        int margin = Math.round(MARGIN_DP / 2f * context.getResources().getDisplayMetrics().density);
        for (View view : views) {
            LinearLayout.LayoutParams place = new LinearLayout.LayoutParams(
                    ViewGroup.LayoutParams.MATCH_PARENT, ViewGroup.LayoutParams.WRAP_CONTENT);
            place.setMargins(margin, margin, margin, margin);
            column.addView(view, place);
        }
        return column;
    }

    private LinearLayout row(View... views) {
        LinearLayout row = new LinearLayout(context);
        row.setOrientation(LinearLayout.HORIZONTAL);
        row.setGravity(Gravity.TOP);
        row.setBaselineAligned(false);
        for (View view : views) {
            row.addView(view, new LinearLayout.LayoutParams(0, ViewGroup.LayoutParams.WRAP_CONTENT, 1));
        }
        return row;
    }
}
