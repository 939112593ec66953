// SPDX-License-Identifier: MIT
// Qt's network access manager in its event loop.
#include <QCoreApplication>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QTimer>

#include "job.h"

static QNetworkAccessManager *manager;

static void begin(int i)
{
	QNetworkRequest request{QUrl(job_url(i))};
	request.setRawHeader("X-Request-Id", job_id(i));
	request.setHeader(QNetworkRequest::ContentTypeHeader, "text/plain");
	QNetworkReply *reply = is_post() ? manager->post(request, QByteArray(job_body(i)))
					 : manager->get(request);

	QObject::connect(reply, &QNetworkReply::finished, [=] {
		int status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();

		if (reply->error())
			job_error(i, qPrintable(reply->errorString()));
		else
			job_answered(i, status, reply->readAll().constData());
		reply->deleteLater();
		job_between(i);
		if (i < job.count)
			QTimer::singleShot(0, [=] { begin(i + 1); });
		else
			QTimer::singleShot(job.rest_ms, [] { QCoreApplication::quit(); });
	});
}

int main(int argc, char **argv)
{
	QCoreApplication application(argc, argv);
	QNetworkAccessManager all;

	job_begin(argc, argv);
	manager = &all;
	begin(1);
	application.exec();
	return job_end();
}
