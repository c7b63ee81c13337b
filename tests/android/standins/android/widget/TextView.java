package android.widget;

import android.content.Context;
import android.graphics.Canvas;
import android.graphics.Paint;
import android.graphics.Typeface;
import android.view.View;
import io.haredge.standins.Control;
import io.haredge.standins.ResourceFiles;
import java.util.ArrayList;
import java.util.List;

public class TextView extends View {
    private static final float LINE = 1.35f;
    private static final float DEFAULT_SP = 14;

    @Control
    protected final Paint paint = new Paint(Paint.ANTI_ALIAS_FLAG);
    private CharSequence text = "";

    public TextView(Context context) {
        super(context);
        setTextSize(DEFAULT_SP);
    }

    public final void setText(CharSequence text) {
        this.text = text == null ? "" : text;
    }

    public final void setText(int resid) {
        text = ResourceFiles.string(resid);
    }

    public CharSequence getText() {
        return text;
    }

    public void setTextSize(float size) {
        paint.setTextSize(size * getResources().getDisplayMetrics().density);
    }

    public void setTextColor(int color) {
        paint.setColor(color);
    }

    public void setTypeface(Typeface tf) {
        paint.setTypeface(tf);
    }

    public void setTextIsSelectable(boolean selectable) {}

    @Override
    protected void onMeasure(int widthMeasureSpec, int heightMeasureSpec) {
        int width = MeasureSpec.getSize(widthMeasureSpec);
        int height = Math.round(lines(width - getPaddingLeft() - getPaddingRight()).size() * lineHeight());
        setMeasuredDimension(width, resolveSize(height + getPaddingTop() + getPaddingBottom(), heightMeasureSpec));
    }

    @Override
    protected void onDraw(Canvas canvas) {
        float baseline = getPaddingTop() + 0.75f * lineHeight();
        for (String line : lines(getWidth() - getPaddingLeft() - getPaddingRight())) {
            canvas.drawText(line, startOf(line), baseline, paint);
            baseline += lineHeight();
        }
    }

    @Control
    protected float startOf(String line) {
        return getPaddingLeft();
    }

    private float lineHeight() {
        return LINE * paint.getTextSize();
    }

    private List<String> lines(int width) {
        List<String> lines = new ArrayList<>();
        for (String paragraph : text.toString().split("\n")) {
            String line = "";
            for (String word : paragraph.split(" ")) {
                String longer = line.isEmpty() ? word : line + " " + word;
                if (!line.isEmpty() && paint.measureText(longer) > width) {
                    lines.add(line);
                    longer = word;
                }
                line = longer;
            }
            lines.add(line);
        }
        return lines;
    }
}
