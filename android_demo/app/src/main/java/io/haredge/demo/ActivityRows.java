package io.haredge.demo;

import android.content.Context;
import android.graphics.Canvas;
import android.graphics.Paint;
import android.view.View;
import io.haredge.demo.core.Card;

/** A view with a row for each activity: its name on the left, a drawing on the right. */
abstract class ActivityRows extends View {
    private static final int ROW_DP = 22;
    private static final int GAP_DP = 10;
    private static final float TEXT_SP = 13;

    protected final Paint text = new Paint(Paint.ANTI_ALIAS_FLAG);
    protected final Paint fill = new Paint(Paint.ANTI_ALIAS_FLAG);
    protected final float density;
    private final float scaledDensity;
    private String[] names = new String[0];
    private int[] activities = new int[0];
    private int[] colours = new int[0];

    ActivityRows(Context context) {
        super(context);
        density = getResources().getDisplayMetrics().density;
        scaledDensity = density * getResources().getConfiguration().fontScale;
        text.setTextSize(TEXT_SP * scaledDensity);
        text.setColor(context.getColor(R.color.text));
    }

    /** Sets the activities of the rows, from the top: indices of the card's labels and families. */
    void setRows(Card card, int[] activities) {
        this.activities = activities.clone();
        names = new String[activities.length];
        for (int row = 0; row < names.length; row++) {
            names[row] = ActivityNames.of(getContext(), card, activities[row]);
        }
        colours = ActivityColours.of(getContext(), card);
        requestLayout();
    }

    @Override
    protected void onMeasure(int widthMeasureSpec, int heightMeasureSpec) {
        int height = Math.round(names.length * rowHeight() + footHeight());
        setMeasuredDimension(MeasureSpec.getSize(widthMeasureSpec), resolveSize(height, heightMeasureSpec));
    }

    @Override
    protected void onDraw(Canvas canvas) {
        float left = 0;
        for (String name : names) {
            left = Math.max(left, text.measureText(name));
        }
        left += GAP_DP * density;
        for (int row = 0; row < names.length; row++) {
            float top = row * rowHeight();
            text.setColor(getContext().getColor(R.color.text));
            canvas.drawText(names[row], 0, top + 0.7f * rowHeight(), text);
            drawRow(canvas, row, left, top + 0.15f * rowHeight(), getWidth(), top + 0.85f * rowHeight());
        }
        drawFoot(canvas, left, names.length * rowHeight(), getWidth());
    }

    /** Draws an activity into a box. */
    abstract void drawRow(Canvas canvas, int row, float left, float top, float right, float bottom);

    /** Draws below all rows. */
    void drawFoot(Canvas canvas, float left, float top, float right) {}

    /** Height of what {@code drawFoot} draws, in pixels. */
    float footHeight() {
        return 0;
    }

    float rowHeight() {
        return ROW_DP * scaledDensity;
    }

    /** The activity of a row: index of a label or family of the card. */
    int activity(int row) {
        return activities[row];
    }

    /** The colour of a row's activity, the same as in har-stream. */
    int colour(int row) {
        return colours[activities[row]];
    }
}
