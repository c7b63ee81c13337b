package io.haredge.demo;

import android.content.Context;
import android.graphics.Canvas;
import io.haredge.demo.core.Day;
import java.util.Locale;

/** Shows when each activity took place, from midnight to midnight. */
final class DayChart extends ActivityRows {
    private static final int HOURS_BETWEEN_MARKS = 6;
    private Day day;

    DayChart(Context context) {
        super(context);
    }

    /** @param day null if nothing is known of it */
    void show(Day day) {
        this.day = day;
        invalidate();
    }

    @Override
    void drawRow(Canvas canvas, int row, float left, float top, float right, float bottom) {
        fill.setColor(getContext().getColor(R.color.line));
        canvas.drawRect(left, bottom, right, bottom + density, fill);
        if (day == null) {
            return;
        }
        fill.setColor(colour(row));
        float perMinute = (right - left) / Day.MINUTES;
        int since = -1;
        for (int minute = 0; minute <= Day.MINUTES; minute++) {
            boolean active = minute < Day.MINUTES && day.activityAt(minute) == activity(row);
            if (active && since < 0) {
                since = minute;
            } else if (!active && since >= 0) {
                float from = left + since * perMinute;
                float until = Math.max(left + minute * perMinute, from + density); // A single minute stays visible.
                canvas.drawRect(from, top, until, bottom, fill);
                since = -1;
            }
        }
    }

    @Override
    void drawFoot(Canvas canvas, float left, float top, float right) {
        text.setColor(getContext().getColor(R.color.faint));
        for (int hour = 0; hour <= 24; hour += HOURS_BETWEEN_MARKS) {
            String mark = String.format(Locale.getDefault(), "%d", hour);
            float centre = left + hour * (right - left) / 24;
            float half = text.measureText(mark) / 2;
            float at = Math.max(left, Math.min(centre - half, right - 2 * half));
            canvas.drawText(mark, at, top + 0.8f * rowHeight(), text);
        }
    }

    @Override
    float footHeight() {
        return rowHeight();
    }
}
